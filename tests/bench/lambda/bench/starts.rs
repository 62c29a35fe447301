//! The start of each function, from spawn to the moment when it asks for its first event, beside a hello-world Lambda on the
//! same runtime crate. Rounds take turns, so that noise affects all functions alike.
//!
//! This is not how long AWS takes to load a function, but what our code adds. The second half has what Lambda's start has too:
//! the call that warms the function up, over TLS, and the first invocation after it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Failure,
    aws::Aws,
    cases::{ORDER_SUMMARY, place},
    function::{Function, Settings},
    report::median,
    tls,
};

/// Measured starts of each function.
const ROUNDS: usize = 41;

/// Unmeasured starts before them, to fill the page cache.
const WARM_UPS: usize = 3;

/// The longest start of a function beside hello world's, and the most memory that it then has.
const RATIO_MAX: f64 = 1.25;
const RESIDENT_KIB_MAX: f64 = 16.0 * 1024.0;

/// The hello world comes first: all others are compared with it.
const FUNCTIONS: [(&str, Settings); 5] = [
    ("hello", &[]),
    ("api", &[]),
    ("publisher", &[]),
    ("projector", ORDER_SUMMARY),
    ("policy", &[]),
];

/// Without Lambda's own variable, a function does not make the call that warms it up.
const COLD: Settings = &[("AWS_CA_BUNDLE", tls::TRUSTED)];
const WARM: Settings =
    &[("AWS_CA_BUNDLE", tls::TRUSTED), ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")];

/// The starts of one function.
#[derive(Default)]
struct Starts {
    name: &'static str,
    millis: Vec<f64>,
    resident_kib: Vec<f64>,
}

/// What the call at the start takes, and what it saves: milliseconds of the api function, medians.
struct WarmUp {
    what: &'static str,
    ready: f64,
    first: f64,
    /// The function's own CPU time, start and first invocation together: the endpoint is a debug build on the same machine.
    cpu: f64,
}

/// The starts that were measured.
pub(crate) struct Measured {
    functions: Vec<Starts>,
    warm_ups: Vec<WarmUp>,
}

pub(crate) async fn measure(aws: &Aws, folder: &Path) -> Result<Measured, Failure> {
    let mut functions: Vec<Starts> =
        FUNCTIONS.map(|(name, _)| Starts { name, ..Starts::default() }).into();
    for round in 0..WARM_UPS + ROUNDS {
        eprint!("\rStarts: round {:>2} of {}", round + 1, WARM_UPS + ROUNDS);
        for ((name, settings), starts) in FUNCTIONS.iter().zip(&mut functions) {
            let function = Function::start(&folder.join(name), &aws.endpoint, settings).await?;
            if round >= WARM_UPS {
                starts.millis.push(millis(function.start));
                starts.resident_kib.push(function.resident_kib()?);
            }
        }
    }
    eprintln!();
    let warm_ups = warm_ups(aws, folder).await?;
    Ok(Measured { functions, warm_ups })
}

/// The api function with and without the call that warms it up, at an endpoint with TLS and at one without. Then it places an
/// order.
async fn warm_ups(aws: &Aws, folder: &Path) -> Result<Vec<WarmUp>, Failure> {
    let https = tls::before(&aws.endpoint).await?;
    let event = place()?.to_string();
    let mut all = Vec::new();
    for (what, endpoint, settings) in [
        ("without TLS, without the call", &aws.endpoint, COLD),
        ("without TLS, with the call", &aws.endpoint, WARM),
        ("over TLS, without the call", &https, COLD),
        ("over TLS, with the call", &https, WARM),
    ] {
        let (mut ready, mut first, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..WARM_UPS + ROUNDS {
            eprint!("\rWarm-up {what}: round {:>2} of {}", round + 1, WARM_UPS + ROUNDS);
            let mut function = Function::start(&folder.join("api"), endpoint, settings).await?;
            let began = Instant::now();
            let answer: Value = serde_json::from_str(&function.invoke(&event).await?)?;
            if answer["statusCode"] != 201 {
                return Err(format!("the first invocation {what} answered {answer}").into());
            }
            if round >= WARM_UPS {
                ready.push(millis(function.start));
                first.push(millis(began.elapsed()));
                cpu.push(function.cpu_micros()? / 1000.0);
            }
        }
        all.push(WarmUp {
            what,
            ready: median(ready.into_iter()),
            first: median(first.into_iter()),
            cpu: median(cpu.into_iter()),
        });
        eprintln!();
    }
    Ok(all)
}

impl Measured {
    /// Milliseconds of each function's start, relative to hello world's in the same round.
    fn ratios(&self) -> Vec<f64> {
        let Some(hello) = self.functions.first() else { return Vec::new() };
        let ratio = |starts: &Starts| {
            median(starts.millis.iter().zip(&hello.millis).map(|(ours, hello)| ours / hello))
        };
        self.functions.iter().map(ratio).collect()
    }

    pub(crate) fn json(&self) -> Value {
        let functions = self.functions.iter().zip(self.ratios()).map(|(starts, ratio)| {
            json!({
                "function": starts.name,
                "millis": median(starts.millis.iter().copied()),
                "ratio": ratio,
                "residentKib": median(starts.resident_kib.iter().copied()),
            })
        });
        let warm_ups = self.warm_ups.iter().map(|it| {
            json!({ "api": it.what, "readyMillis": it.ready, "firstInvocationMillis": it.first, "cpuMillis": it.cpu })
        });
        json!({ "functions": functions.collect::<Value>(), "warmUps": warm_ups.collect::<Value>() })
    }

    pub(crate) fn table(&self) -> String {
        let mut table =
            "| start, spawn to ready | ms | beside hello | resident, KiB |\n|---|---|---|---|\n"
                .to_owned();
        for (starts, ratio) in self.functions.iter().zip(self.ratios()) {
            let (time, resident) = (
                median(starts.millis.iter().copied()),
                median(starts.resident_kib.iter().copied()),
            );
            table += &format!("| {} | {time:.2} | {ratio:.2} | {resident:.0} |\n", starts.name);
        }
        table += "\n| api, in Lambda's way | ms until ready | ms of the first order | sum | its CPU, ms |\n|---|---|---|---|---|\n";
        for WarmUp { what, ready, first, cpu } in &self.warm_ups {
            table += &format!(
                "| {what} | {ready:.1} | {first:.1} | {:.1} | {cpu:.1} |\n",
                ready + first
            );
        }
        table
    }

    /// Says which budgets do not hold.
    pub(crate) fn over_budget(&self) -> Vec<String> {
        let mut over = Vec::new();
        for (starts, ratio) in self.functions.iter().zip(self.ratios()) {
            if ratio > RATIO_MAX {
                over.push(format!(
                    "start of {}: {ratio:.2} of hello's, at most {RATIO_MAX}",
                    starts.name
                ));
            }
            let resident = median(starts.resident_kib.iter().copied());
            if resident > RESIDENT_KIB_MAX {
                over.push(format!(
                    "memory of {}: {resident} KiB, at most {RESIDENT_KIB_MAX}",
                    starts.name
                ));
            }
        }
        over
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
