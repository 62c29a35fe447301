//! The direction of dependencies, read from `cargo metadata`: functions -> adapters and use cases -> domain -> nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

/// Our packages, by role.
const PURE: &[&str] = &["dekigoto", "orders", "order-events"];
const ADAPTERS: &[&str] = &["dekigoto-dynamodb", "dekigoto-messaging"];
const SHARED: &[&str] = &[
    "dekigoto",
    "orders",
    "order-events",
    "order-service",
    "dekigoto-aws",
    "dekigoto-aws-postgres",
    "dekigoto-http",
    "dekigoto-dynamodb",
    "dekigoto-messaging",
    "dekigoto-kafka",
    "dekigoto-lambda",
    "dekigoto-local",
    "dekigoto-postgres",
    "dekigoto-sqlite",
    "dekigoto-ops",
    "dekigoto-testkit",
];
const LAMBDA: [&str; 3] = ["dekigoto-lambda", "dekigoto-aws", "dekigoto-aws-postgres"];
/// What runs on PostgreSQL and Kafka.
const ON_KAFKA: [&str; 3] = ["dekigoto-kafka", "dekigoto-aws-postgres", "postgres-functions"];

/// Spans cost the default build nothing: no crate of the build makes or sends them, and the feature is off.
#[test]
fn the_default_build_makes_no_spans() {
    let known: Vec<&str> = packages().values().map(|it| it.name.as_str()).collect();
    let tracers =
        ["opentelemetry", "tracing-opentelemetry", "opentelemetry-otlp", "opentelemetry_sdk"];
    assert!(tracers.iter().all(|name| !known.contains(name)), "a tracer is in the build");
    for crate_ in ["lambda", "aws"] {
        let path = format!("{}/../../shared/{crate_}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(&path).expect("the manifest is there");
        let features = manifest.split("[features]").nth(1).expect("it has features");
        let features = features.split("\n[").next().unwrap_or_default();
        assert!(features.contains("otlp = ["), "{path} has the feature");
        let defaults = features.lines().find(|line| line.starts_with("default = ["));
        assert!(!defaults.unwrap_or_default().contains("otlp"), "{path} turns it on");
    }
    for function in ["api", "publisher", "projector", "policy"] {
        let path = format!("{}/../../functions/{function}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(&path).expect("the manifest is there");
        assert!(!manifest.contains("otlp"), "{path} turns it on");
    }
}

/// One package: its folder, and its dependencies by kind (`None` is the normal one).
struct Package {
    name: String,
    manifest: String,
    direct: Vec<(String, Option<String>)>,
    /// The optional dependencies, by their names in the code.
    optional: BTreeSet<String>,
    resolved: Vec<String>,
    id: String,
    /// Whether it belongs to this checkout.
    is_ours: bool,
}

/// Every package of the build, by id.
fn packages() -> &'static BTreeMap<String, Package> {
    static PACKAGES: OnceLock<BTreeMap<String, Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let metadata = metadata();
        let mut found = BTreeMap::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let direct = package["dependencies"].as_array().into_iter().flatten();
            let id = text(&package["id"]);
            found.insert(
                id.clone(),
                Package {
                    name: text(&package["name"]),
                    manifest: text(&package["manifest_path"]),
                    direct: direct
                        .map(|d| (text(&d["name"]), d["kind"].as_str().map(str::to_owned)))
                        .collect(),
                    optional: package["dependencies"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter(|d| d["optional"] == true && d["kind"].is_null())
                        .map(|d| text(&d["name"]))
                        .collect(),
                    resolved: Vec::new(),
                    id,
                    is_ours: package["source"].is_null(),
                },
            );
        }
        for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
            let normal = node["deps"].as_array().into_iter().flatten().filter(|dep| {
                dep["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"] != "dev")
            });
            let resolved = normal.map(|dep| text(&dep["pkg"])).collect();
            if let Some(package) = found.get_mut(&text(&node["id"])) {
                package.resolved = resolved;
            }
        }
        found
    })
}

/// The output of `cargo metadata` for the workspace.
pub(crate) fn metadata() -> Value {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn ours() -> impl Iterator<Item = &'static Package> {
    packages().values().filter(|package| package.is_ours)
}

fn named(name: &str) -> &'static Package {
    ours()
        .find(|package| package.name == name)
        .unwrap_or_else(|| panic!("no package {name} in the workspace"))
}

/// Whether a package exists for tests only.
fn is_test(package: &Package) -> bool {
    package.manifest.contains("/tests/")
}

fn is_function(package: &Package) -> bool {
    package.manifest.contains("/functions/")
}

/// The direct dependencies of a package, except those of its tests.
fn names(package: &Package) -> BTreeSet<&str> {
    package
        .direct
        .iter()
        .filter(|(_, kind)| kind.as_deref() != Some("dev"))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The direct and transitive dependencies of a package.
fn pulls_in(package: &Package) -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![package.id.clone()];
    while let Some(id) = todo.pop() {
        if let Some(next) = packages().get(&id)
            && seen.insert(next.id.as_str())
        {
            // Optional dependencies do not count: the timer of the real host is not part of the kit.
            let is_optional = |id: &String| {
                packages()
                    .get(id)
                    .is_some_and(|it| next.is_ours && next.optional.contains(&it.name))
            };
            todo.extend(next.resolved.iter().filter(|id| !is_optional(id)).cloned());
        }
    }
    seen.into_iter().filter_map(|id| packages().get(id)).map(|p| p.name.as_str()).collect()
}

fn is_aws(name: &str) -> bool {
    name.starts_with("aws-sdk-") || name.starts_with("aws-config") || name.starts_with("aws-smithy")
}

fn is_lambda(name: &str) -> bool {
    name.starts_with("lambda_") || name.starts_with("lambda-") || name == "aws_lambda_events"
}

#[track_caller]
fn pulls_in_none(package: &str, forbidden: impl Fn(&str) -> bool) {
    let bad: Vec<_> = pulls_in(named(package)).into_iter().filter(|name| forbidden(name)).collect();
    assert!(bad.is_empty(), "{package} pulls in {bad:?}");
}

#[test]
fn the_domain_and_the_kit_use_no_runtime_http_or_aws() {
    for package in PURE {
        pulls_in_none(package, |name| {
            is_aws(name)
                || is_lambda(name)
                || name.starts_with("tokio")
                || name.starts_with("axum")
                || name == "hyper"
        });
    }
}

#[test]
fn the_domain_depends_only_on_the_kit_and_the_kit_on_nothing() {
    for (package, allowed) in [
        ("dekigoto", &[][..]),
        ("orders", &["dekigoto"]),
        ("order-events", &["dekigoto"]),
        ("dekigoto-http", &["dekigoto"]),
        ("order-service", &["dekigoto", "dekigoto-http", "orders"]),
        ("dekigoto-dynamodb", &["dekigoto"]),
        ("dekigoto-messaging", &["dekigoto"]),
        ("dekigoto-lambda", &["dekigoto", "dekigoto-http"]),
        ("dekigoto-kafka", &["dekigoto"]),
        ("dekigoto-postgres", &["dekigoto"]),
        ("dekigoto-sqlite", &["dekigoto"]),
        (
            "dekigoto-local",
            &[
                "dekigoto",
                "dekigoto-http",
                "dekigoto-kafka",
                "dekigoto-ops",
                "dekigoto-postgres",
                "dekigoto-sqlite",
            ],
        ),
        ("dekigoto-ops", &["dekigoto", "dekigoto-dynamodb", "dekigoto-postgres"]),
        (
            "dekigoto-aws",
            &[
                "dekigoto",
                "dekigoto-dynamodb",
                "dekigoto-http",
                "dekigoto-lambda",
                "dekigoto-messaging",
            ],
        ),
        (
            "dekigoto-aws-postgres",
            &[
                "dekigoto",
                "dekigoto-http",
                "dekigoto-kafka",
                "dekigoto-lambda",
                "dekigoto-postgres",
            ],
        ),
    ] {
        let bad: Vec<_> = names(named(package))
            .into_iter()
            .filter(|name| SHARED.contains(name) && !allowed.contains(name))
            .collect();
        assert!(bad.is_empty(), "{package} names {bad:?}");
    }
}

#[test]
fn only_the_adapters_depend_on_the_aws_sdk() {
    for package in
        ours().filter(|package| !ADAPTERS.contains(&package.name.as_str()) && !is_test(package))
    {
        let bad: Vec<_> =
            names(package).into_iter().filter(|name| name.starts_with("aws-sdk-")).collect();
        assert!(bad.is_empty(), "{} names {bad:?}", package.name);
    }
}

#[test]
fn only_the_functions_depend_on_the_lambda_runtime() {
    for package in ours().filter(|package| {
        !LAMBDA.contains(&package.name.as_str()) && !is_function(package) && !is_test(package)
    }) {
        let bad: Vec<_> = names(package).into_iter().filter(|name| is_lambda(name)).collect();
        assert!(bad.is_empty(), "{} names {bad:?}", package.name);
    }
}

#[test]
fn the_one_process_run_builds_without_aws() {
    pulls_in_none("local", |name| is_aws(name) || is_lambda(name));
}

#[test]
fn sqlite_is_linked_by_its_adapter_and_the_one_process_run_only() {
    for package in ours().filter(|package| !is_test(package)) {
        let may = ["dekigoto-sqlite", "dekigoto-local", "local"].contains(&package.name.as_str());
        assert!(may || !pulls_in(package).contains("rusqlite"), "{} links SQLite", package.name);
    }
}

#[test]
fn kafka_reaches_no_other_function_and_no_default_run() {
    for package in ours().filter(|package| !is_test(package)) {
        let may = ON_KAFKA.contains(&package.name.as_str());
        assert!(may || !pulls_in(package).contains("krafka"), "{} pulls in Kafka", package.name);
    }
}

#[test]
fn the_operators_command_builds_without_lambda() {
    pulls_in_none("ops", is_lambda);
}

#[test]
fn the_use_cases_do_not_depend_on_aws() {
    pulls_in_none("order-service", |name| is_aws(name) || is_lambda(name));
}

#[test]
fn no_shared_crate_depends_on_a_function() {
    let functions: BTreeSet<_> = ours()
        .filter(|package| is_function(package))
        .map(|package| package.name.as_str())
        .collect();
    assert!(functions.contains("api"), "{functions:?}");
    for package in ours().filter(|package| !is_function(package) && !is_test(package)) {
        let bad: Vec<_> = package
            .direct
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| functions.contains(name))
            .collect();
        assert!(bad.is_empty(), "{} names {bad:?}", package.name);
    }
}

#[test]
fn the_testkit_is_for_tests_only() {
    for package in ours().filter(|package| !is_test(package)) {
        assert!(!names(package).contains("dekigoto-testkit"), "{} ships the testkit", package.name);
    }
}

#[test]
fn there_is_one_tls_stack() {
    let versions =
        |wanted: &str| packages().values().filter(|package| package.name == wanted).count();
    assert_eq!(versions("rustls"), 1, "`cargo tree -i rustls` shows what pulls in another");
    for other in ["openssl", "native-tls", "aws-lc-rs"] {
        assert_eq!(versions(other), 0, "`cargo tree -i {other}` shows what pulls it in");
    }
}
