fn main() -> std::process::ExitCode {
    dekigoto_aws::api::<String>(__snake__::service, &__snake__::CONTRACT, "__name__:staff")
}
