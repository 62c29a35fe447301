//! Runs the cases and measures them.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Failure,
    aws::{Aws, Call},
    cases::Case,
    function::Function,
};

/// Rounds, in which every case takes its turn, so that other work on the machine affects all alike.
const ROUNDS: usize = 11;

/// Records in one round of a case, and the fewest invocations.
const RECORDS_PER_ROUND: u32 = 100;
const INVOCATIONS_MIN: u32 = 10;

/// The time that each call takes while round trips are counted: much longer than the function's own work.
const LATENCY: Duration = Duration::from_millis(25);

/// Invocations of two runs under callgrind. Their difference has no start-up in it.
const FEW: u32 = 3;
const MANY: u32 = 8;

/// What one invocation of a case takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// CPU time in microseconds, in each round.
    pub(crate) cpu: Vec<f64>,
    /// `None` without valgrind.
    pub(crate) instructions: Option<f64>,
    pub(crate) calls: usize,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// Calls one after the other.
    pub(crate) round_trips: usize,
    /// Calls at the same time.
    pub(crate) at_once: usize,
}

/// Measures all cases with the binaries of that folder.
pub(crate) async fn measure(
    aws: &Aws,
    folder: &Path,
    cases: &[Case],
) -> Result<Vec<Measured>, Failure> {
    let mut functions = Vec::new();
    for case in cases {
        let program = folder.join(case.function);
        functions.push(Function::start(&program, &aws.endpoint, case.settings).await?);
    }
    let mut all = vec![Measured::default(); cases.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        eprint!("\rCPU time: round {round} of {ROUNDS}");
        for ((case, function), measured) in cases.iter().zip(&mut functions).zip(&mut all) {
            let invocations = (RECORDS_PER_ROUND / case.records).max(INVOCATIONS_MIN);
            let before = function.cpu_micros()?;
            invoke(function, case, invocations).await?;
            let cpu = (function.cpu_micros()? - before) / f64::from(invocations);
            if round > 0 {
                measured.cpu.push(cpu);
            }
        }
    }
    eprintln!();
    // Before writes are done, after which the same events would be duplicates.
    if is_callgrind_there() {
        for (case, measured) in cases.iter().zip(&mut all) {
            eprint!("\rInstructions: {:<60}", case.what);
            measured.instructions = Some(instructions(aws, folder, case).await?);
        }
        eprintln!();
    }
    for ((case, function), measured) in cases.iter().zip(&mut functions).zip(&mut all) {
        invoke(function, case, 1).await?;
        aws.charge(LATENCY);
        invoke(function, case, 1).await?;
        count(&aws.discard(), measured);
    }
    for function in functions {
        function.stop()?;
    }
    Ok(all)
}

async fn invoke(function: &mut Function, case: &Case, times: u32) -> Result<(), Failure> {
    for _ in 0..times {
        let answer = function.invoke(&case.event).await?;
        let said: Value = serde_json::from_str(&answer).unwrap_or_default();
        let is_done = said["statusCode"].as_u64().is_some_and(|status| status < 300)
            || said["batchItemFailures"].as_array().is_some_and(Vec::is_empty);
        if !is_done {
            let answer: String = answer.chars().take(600).collect();
            return Err(format!("{}: the function answered {answer}", case.what).into());
        }
    }
    Ok(())
}

fn count(calls: &[Call], measured: &mut Measured) {
    measured.calls = calls.len();
    measured.read_units = calls.iter().map(|call| call.read_units).sum();
    measured.write_units = calls.iter().map(|call| call.write_units).sum();
    let at = |moment: Instant| {
        calls.iter().filter(|call| call.began <= moment && moment < call.ended).count()
    };
    measured.at_once = calls.iter().map(|call| at(call.began)).max().unwrap_or(0);
    // The longest chain of calls, each of which began after the end of the one before it.
    let mut by_end: Vec<&Call> = calls.iter().collect();
    by_end.sort_by_key(|call| call.ended);
    let mut chains: Vec<(Instant, usize)> = Vec::new();
    for call in by_end {
        let before = chains.iter().filter(|(ended, _)| *ended <= call.began);
        let length = 1 + before.map(|(_, length)| *length).max().unwrap_or(0);
        chains.push((call.ended, length));
    }
    measured.round_trips = chains.iter().map(|(_, length)| *length).max().unwrap_or(0);
}

fn is_callgrind_there() -> bool {
    let version = Command::new("valgrind").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Instructions of one invocation.
async fn instructions(aws: &Aws, folder: &Path, case: &Case) -> Result<f64, Failure> {
    let few = instructions_of(aws, folder, case, FEW).await?;
    let many = instructions_of(aws, folder, case, MANY).await?;
    Ok((many - few) / f64::from(MANY - FEW))
}

async fn instructions_of(
    aws: &Aws,
    folder: &Path,
    case: &Case,
    invocations: u32,
) -> Result<f64, Failure> {
    let out = std::env::temp_dir().join(format!("lambda-bench.{}", std::process::id()));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "-q"]).arg(format!("--callgrind-out-file={}", out.display()));
    let program = folder.join(case.function);
    let mut function =
        Function::start_under(command, &program, &aws.endpoint, case.settings).await?;
    invoke(&mut function, case, invocations).await?;
    function.stop()?;
    let text = fs::read_to_string(&out)?;
    fs::remove_file(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}
