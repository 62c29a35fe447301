//! `make startup`: measures the time of each function from spawn to ready, as a ratio to a hello-world Lambda on the same
//! runtime crate, in the same run.
//!
//! A small Runtime API host on loopback stands in for Lambda: a function is ready when it asks for its first event.
//! Rounds are interleaved, so that noise affects all functions alike, and medians are compared. This does not measure
//! how long AWS takes to load a function, but what our code adds.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and the environment")]

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use flate2::{Compression, write::DeflateEncoder};

/// Measured starts of each binary.
const ROUNDS: usize = 41;

/// Unmeasured starts before them, to fill the page cache.
const WARM_UPS: usize = 3;

/// The budgets of a start: they reveal a function that has grown.
const RATIO_MAX: f64 = 1.5;
const RESIDENT_KIB_MAX: u64 = 16 * 1024;
const ZIPPED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The longest wait for a function to become ready.
const READY_TIME_MAX: Duration = Duration::from_secs(10);

/// The environment of every function. The values are placeholders: no function makes a call before it asks for `/next`.
const SETTINGS: &[(&str, &str)] = &[
    ("AUTH_MODE", "iam"),
    ("AWS_ACCESS_KEY_ID", "none"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_SECRET_ACCESS_KEY", "none"),
    ("BUS_NAME", "bus"),
    ("DLQ_URL", "http://127.0.0.1:9/dlq"),
    ("EVENT_SOURCE", "dekigoto.orders"),
    ("EVENT_TABLE", "events"),
    ("RETRY_QUEUE_URL", "http://127.0.0.1:9/retry"),
    ("TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:orders"),
    ("VIEW", "order-summary"),
    ("VIEW_TABLE", "views"),
];

struct Measured {
    name: &'static str,
    path: PathBuf,
    times: Vec<Duration>,
    resident_kib: Vec<u64>,
}

/// The time of one start, and the resident memory when ready.
struct Start {
    time: Duration,
    resident_kib: u64,
}

fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("start-up cannot be measured: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<bool> {
    let folder =
        env::args_os().nth(1).map_or_else(|| PathBuf::from("target/release"), PathBuf::from);
    let host = TcpListener::bind("127.0.0.1:0")?;
    let mut all: Vec<Measured> = ["hello", "api", "publisher", "projector"]
        .map(|name| Measured {
            name,
            path: folder.join(name),
            times: Vec::new(),
            resident_kib: Vec::new(),
        })
        .into();
    for round in 0..WARM_UPS + ROUNDS {
        eprint!("\rround {:>2} of {}", round + 1, WARM_UPS + ROUNDS);
        for one in &mut all {
            let start = start(&host, &one.path)?;
            if round >= WARM_UPS {
                one.times.push(start.time);
                one.resident_kib.push(start.resident_kib);
            }
        }
    }
    eprintln!();
    report(&mut all)
}

fn start(host: &TcpListener, binary: &Path) -> io::Result<Start> {
    let address = host.local_addr()?.to_string();
    let mut command = Command::new(binary);
    command.env_clear().envs(SETTINGS.iter().copied()).env("AWS_LAMBDA_RUNTIME_API", address);
    command.stdout(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().map_err(|cause| {
        io::Error::other(format!(
            "{} cannot be started ({cause}); run `make startup`",
            binary.display()
        ))
    })?;
    let ready = await_next(host, &mut child);
    let time = began.elapsed();
    let resident_kib = ready.and_then(|connection| {
        let resident_kib = resident_kib(&child)?;
        drop(connection);
        Ok(resident_kib)
    });
    child.kill()?;
    child.wait()?;
    Ok(Start { time, resident_kib: resident_kib? })
}

/// Waits until the function asks for its first event. It then waits for the answer while the connection is open.
fn await_next(host: &TcpListener, child: &mut Child) -> io::Result<BufReader<TcpStream>> {
    let deadline = Instant::now() + READY_TIME_MAX;
    host.set_nonblocking(true)?;
    let (stream, _) = loop {
        match host.accept() {
            Ok(accepted) => break accepted,
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(cause) => return Err(cause),
        }
        if Instant::now() > deadline || child.try_wait()?.is_some() {
            return Err(io::Error::other("a function ended, or hung, before it was ready"));
        }
        std::thread::sleep(Duration::from_micros(20));
    };
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(READY_TIME_MAX))?;
    let mut line = String::new();
    let mut stream = BufReader::new(stream);
    stream.read_line(&mut line)?;
    if line.contains("/runtime/invocation/next") {
        return Ok(stream);
    }
    Err(io::Error::other(format!("a function asked for {line:?} before its first event")))
}

fn resident_kib(child: &Child) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("the kernel does not tell the resident memory"))
}

/// The size of a zip file of the binary, except for a few bytes of names.
fn zipped_bytes(binary: &Path) -> io::Result<u64> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&fs::read(binary)?)?;
    Ok(encoder.finish()?.len().try_into().unwrap_or(u64::MAX))
}

fn median<T: Copy + Ord + Default>(values: &mut [T]) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn report(all: &mut [Measured]) -> io::Result<bool> {
    println!(
        "Spawn to ready, medians of {ROUNDS} interleaved starts; ratios to hello in the same run"
    );
    println!("{:<10} {:>9} {:>7} {:>12} {:>10}", "function", "time", "ratio", "resident", "zipped");
    let mut base = None;
    let mut is_within = true;
    for one in all {
        let time = median(&mut one.times).as_secs_f64();
        let resident = median(&mut one.resident_kib);
        let zipped = zipped_bytes(&one.path)?;
        let ratio = time / *base.get_or_insert(time);
        let fits = ratio <= RATIO_MAX && resident <= RESIDENT_KIB_MAX && zipped <= ZIPPED_BYTES_MAX;
        is_within &= fits;
        println!(
            "{:<10} {:>6.2} ms {ratio:>7.2} {:>9} KiB {:>6} KiB{}",
            one.name,
            time * 1000.0,
            resident,
            zipped / 1024,
            if fits { "" } else { "  over budget" }
        );
    }
    println!(
        "budgets: ratio {RATIO_MAX}, resident {RESIDENT_KIB_MAX} KiB, zipped {} KiB",
        ZIPPED_BYTES_MAX / 1024
    );
    Ok(is_within)
}
