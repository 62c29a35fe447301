//! `make new-policy`: a policy in a service from `make new`.

use std::{fs, path::Path};

use crate::{
    Name, Service,
    edit::{after_last, replace},
    new_service::format_code,
};

const POLICY: &str = include_str!("../templates/policy/policy.rs");
const BINARY: &str = include_str!("../templates/policy/bin.rs");
const RESOURCES: &str = include_str!("../templates/policy/template.yaml");

/// The line of `Cargo.toml` after which the binary of policies is named.
const LAST_BINARY: &str = "  { name = \"projector\"";

impl Service {
    /// Adds a policy that reacts to the first aggregate of the registry, and the view of its processes.
    ///
    /// # Errors
    /// A message, if the policy exists, a file cannot be changed, or this is the order service.
    pub fn new_policy(&self, name: &Name) -> Result<String, String> {
        if !self.is_small() {
            let recipe = "Follow the recipe \"A policy\" in CONTRIBUTING.md: the order service has its domain in \
                          another crate, and a mapping for each policy.";
            return Err(recipe.to_owned());
        }
        let aggregate = self.first_aggregate()?;
        let (module, aggregate) = aggregate
            .rsplit_once("::")
            .ok_or("The registry names the aggregate without its module.")?;
        let fill = |text: &str| {
            let text = name.fill(text).replace("__module__", module);
            text.replace("__Aggregate__", aggregate).replace("__service__", &self.crate_name())
        };
        let file = name.fill("src/__snake__.rs");
        self.create(Path::new(&file), &fill(POLICY))?;
        self.create(
            Path::new(&fill("tests/golden/__Name__Requested.v1.json")),
            "[{ \"title\": \"first\" }]\n",
        )?;
        self.create(Path::new(&fill("tests/golden/__Name__Ended.v1.json")), "[{}]\n")?;
        let registry = self.root().join("src/lib.rs");
        after_last(&registry, "pub mod ", &name.fill("pub mod __snake__;"))?;
        let line = name.fill(".policy(__snake__::__Name__, relay::nothing)");
        after_last(&registry, "        .aggregate::<", &line)?;
        self.deploy_policy(&fill)?;
        self.deploy(name, "")?;
        format_code(self.root());
        Ok(format!(
            "{file}\nNext: say there what the policy does. It is in the registry, and in template.yaml"
        ))
    }

    /// Adds the function of the policy to the template, and with the first policy the binary.
    fn deploy_policy(&self, fill: &impl Fn(&str) -> String) -> Result<(), String> {
        let resources = fill(RESOURCES);
        let loop_of_views = "  Fn::ForEach::Views:\n";
        replace(
            &self.root().join("template.yaml"),
            loop_of_views,
            &format!("{resources}{loop_of_views}"),
        )?;
        let binary = Path::new("src/bin/policy.rs");
        if self.root().join(binary).exists() {
            return Ok(());
        }
        self.create(binary, &fill(BINARY))?;
        let entry = "{ name = \"policy\", required-features = [\"default\"] },";
        after_last(&self.root().join("Cargo.toml"), LAST_BINARY, entry)
    }

    /// The name of the crate, as Rust writes it.
    fn crate_name(&self) -> String {
        let manifest = fs::read_to_string(self.root().join("Cargo.toml")).unwrap_or_default();
        let name =
            manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        name.unwrap_or("service").replace('-', "_")
    }
}
