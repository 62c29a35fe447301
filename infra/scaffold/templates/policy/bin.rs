fn main() -> std::process::ExitCode {
    dekigoto_aws::policy(&[], |_| Ok(__service__::service()))
}
