fn main() -> std::process::ExitCode {
    dekigoto_aws::publisher(__snake__::service)
}
