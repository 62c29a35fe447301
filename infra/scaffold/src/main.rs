//! `make new`, `make new-view`, `make new-aggregate` and `make new-policy`.

use std::{env, path::Path, process::ExitCode};

use scaffold::{Name, Service};

const USAGE: &str = "\
usage: make new NAME=stock DIR=../stock     a new service
       make new-view NAME=stock-levels      a view in the service of this folder
       make new-aggregate NAME=supplier     an aggregate, and a view of it, in the service of this folder
       make new-policy NAME=reordering      a policy in the service of this folder";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<String, String> {
    match arguments {
        ["new", name, folder] => scaffold::new_service(&Name::new(name)?, Path::new(folder)),
        ["view", name] => Service::around(Path::new("."))?.new_view(&Name::new(name)?),
        ["aggregate", name] => Service::around(Path::new("."))?.new_aggregate(&Name::new(name)?),
        ["policy", name] => Service::around(Path::new("."))?.new_policy(&Name::new(name)?),
        _ => Err(USAGE.to_owned()),
    }
}
