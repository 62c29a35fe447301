fn main() -> std::process::ExitCode {
    dekigoto_local::run::<String>(&__snake__::service(), &__snake__::CONTRACT)
}
