fn main() -> std::process::ExitCode {
    dekigoto_aws::projector(__snake__::service)
}
