//! `make new-view` and `make new-aggregate`: new parts of an existing service.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Name,
    edit::{after_last, replace},
    new_service::{format_code, write},
};

const VIEW: &str = include_str!("../templates/view.rs");
const AGGREGATE: &str = include_str!("../templates/aggregate.rs");
/// The stack of the order service on Kafka.
const KAFKA: &str = "infra/stacks/kafka.yaml";
const EXAMPLE: &str = "[{ \"title\": \"first\" }]\n";

/// A service and its layout.
pub struct Service {
    root: PathBuf,
    layout: &'static Layout,
}

/// The places of the parts of a service.
struct Layout {
    registry: &'static str,
    views: &'static str,
    /// The crate or module of the aggregates, and its root file.
    domain: (&'static str, &'static str),
}

/// The layout of a service from `make new`.
const SMALL: Layout =
    Layout { registry: "src/lib.rs", views: "src/views", domain: ("crate", "src/lib.rs") };

/// The layout of the order service, with the domain in its own crate.
const LARGE: Layout = Layout {
    registry: "shared/service/src/lib.rs",
    views: "shared/service/src/views",
    domain: ("orders", "shared/orders/src/lib.rs"),
};

impl Service {
    /// The service in this folder.
    ///
    /// # Errors
    /// A message, if the folder has no service.
    pub fn around(root: &Path) -> Result<Self, String> {
        let has_registry = |it: &&&Layout| {
            let text = fs::read_to_string(root.join(it.registry));
            text.is_ok_and(|text| text.contains(".aggregate::<"))
        };
        let found = [&LARGE, &SMALL].iter().find(has_registry);
        let layout = found.ok_or("There is no service in this folder: src/lib.rs names none.")?;
        Ok(Self { root: root.to_owned(), layout })
    }

    /// Adds a view that folds the first aggregate of the registry.
    ///
    /// # Errors
    /// A message, if the view exists or a file cannot be changed.
    pub fn new_view(&self, name: &Name) -> Result<String, String> {
        let aggregate = self.first_aggregate()?;
        let path = match aggregate.rsplit_once("::") {
            Some((module, name)) if self.is_small() => format!("crate::{module}::{name}"),
            Some((module, name)) => format!("{module}::{name}"),
            None => import_of(&self.read(self.layout.registry)?, &aggregate)?,
        };
        let files = self.view_of(name, &path)?;
        Ok(format!(
            "{files}\nNext: say in {}/{}.rs what the view shows",
            self.layout.views,
            name.snake()
        ))
    }

    /// Adds an aggregate and a view of it: without a view, nobody could read it.
    ///
    /// # Errors
    /// A message, if the aggregate exists or a file cannot be changed.
    pub fn new_aggregate(&self, name: &Name) -> Result<String, String> {
        let (domain, root) = self.layout.domain;
        let folder = Path::new(root).with_file_name(name.snake());
        self.create(&folder.join("mod.rs"), &name.fill(AGGREGATE))?;
        for event in ["Created", "Renamed"] {
            let golden = format!("tests/golden/{}{event}.v1.json", name.pascal());
            let example = if domain == "crate" { EXAMPLE.to_owned() } else { means(name, event) };
            self.create(Path::new(&golden), &example)?;
        }
        after_last(&self.root.join(root), "pub mod ", &name.fill("pub mod __snake__;"))?;
        let path = name.fill(&format!("{domain}::__snake__::__Name__"));
        let line =
            format!(".aggregate::<{path}>(dekigoto_http::no_routes, dekigoto::relay::nothing)");
        after_last(&self.root.join(self.layout.registry), "        .aggregate::<", &line)?;
        let view = Name::new(&format!("{}-summary", name.kebab()))?;
        let files = self.view_of(&view, &path)?;
        format_code(&self.root);
        Ok(format!(
            "{}\n{files}\nNext: say in {} what it does, and add its routes to the registry",
            folder.join("mod.rs").display(),
            folder.display()
        ))
    }

    /// The first aggregate of the registry, as it is named there.
    pub(crate) fn first_aggregate(&self) -> Result<String, String> {
        let registry = self.read(self.layout.registry)?;
        let aggregate = registry.split(".aggregate::<").nth(1).and_then(|it| it.split('>').next());
        Ok(aggregate.ok_or("The registry names no aggregate.")?.to_owned())
    }

    fn view_of(&self, name: &Name, aggregate: &str) -> Result<String, String> {
        let Layout { registry, views, .. } = self.layout;
        let file = format!("{views}/{}.rs", name.snake());
        self.create(Path::new(&file), &self.view_text(name, aggregate))?;
        let registry = self.root.join(registry);
        let visibility = if self.is_small() { "pub" } else { "pub(crate)" };
        let module = name.fill(&format!("{visibility} mod __snake__;"));
        after_last(&registry, &format!("    {visibility} mod "), &module)?;
        let line = name.fill(".view::<Single<views::__snake__::__Name__>>()");
        after_last(&registry, "        .view", &line)?;
        self.deploy(name, &self.events_of(aggregate)?)?;
        Ok(file)
    }

    /// A new service uses the word in the template as the name of the view; the order service maps the word to the
    /// name.
    fn view_text(&self, name: &Name, aggregate: &str) -> String {
        let in_registry = if self.is_small() { name.pascal() } else { name.kebab().to_owned() };
        let text = name.fill(VIEW).replace("__view__", &in_registry);
        let text = text.replace("__aggregate__", aggregate);
        if self.is_small() { text } else { text.replace("pub ", "pub(crate) ") }
    }

    /// Adds the word to the template. The template of the order service also maps the word to the name and events.
    pub(crate) fn deploy(&self, name: &Name, events: &str) -> Result<(), String> {
        let template = self.root.join("template.yaml");
        self.add_to_loop("template.yaml", "- View\n", name)?;
        if !self.is_small() {
            self.deploy_on_kafka(name)?;
            let word = name.pascal();
            after_last(
                &template,
                "      DailySales: daily-sales",
                &format!("{word}: {}", name.kebab()),
            )?;
            after_last(&template, "      DailySales: [", &format!("{word}: [{events}]"))?;
            name_in_lists(&template, name)?;
        }
        Ok(())
    }

    /// Adds the word to the list of a loop over `variable`.
    fn add_to_loop(&self, path: &str, variable: &str, name: &Name) -> Result<(), String> {
        let text = self.read(path)?;
        let list = text.split(variable).nth(1).and_then(|rest| rest.lines().next()).map(str::trim);
        let list = list.ok_or_else(|| format!("{path} has no loop over {variable:?}"))?;
        let longer = list.replace(']', &format!(", {}]", name.pascal()));
        replace(&self.root.join(path), list, &longer)
    }

    /// Adds a view to the stack of the functions that read Kafka: its lines in the mapping, each before what follows its part,
    /// and its word in the loop.
    fn deploy_on_kafka(&self, name: &Name) -> Result<(), String> {
        self.add_to_loop(KAFKA, "- Consumer\n", name)?;
        for (next, value) in [
            ("    Dimension:", name.kebab()),
            ("    Value:\n", "view"),
            ("    User:", name.kebab()),
            ("\nConditions:", "orders_projector"),
        ] {
            let (next, line) = (format!("\n{next}"), format!("\n      {}: {value}", name.pascal()));
            replace(&self.root.join(KAFKA), &next, &format!("{line}{next}"))?;
        }
        Ok(())
    }

    /// The names of the events in the `event_schema!` of an aggregate.
    fn events_of(&self, aggregate: &str) -> Result<String, String> {
        let module = aggregate.split("::").nth(1).unwrap_or_default();
        let file = Path::new(self.layout.domain.1).with_file_name(module).join("mod.rs");
        let text = self.read(&file.display().to_string())?;
        let schema = text.split("event_schema!").nth(1).unwrap_or_default();
        let names = schema.split(" as \"").skip(1).filter_map(|rest| rest.split('"').next());
        Ok(names.collect::<Vec<_>>().join(", "))
    }

    pub(crate) fn is_small(&self) -> bool {
        self.layout.domain.0 == "crate"
    }

    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|cause| format!("{path}: {cause}"))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn create(&self, path: &Path, text: &str) -> Result<(), String> {
        let file = self.root.join(path);
        if file.exists() {
            return Err(format!("{} is there already. Choose another name.", path.display()));
        }
        write(&file, text)
    }
}

/// What a loop cannot do: the deploy order, what the API may read, and the parts of the pipeline's alarm.
fn name_in_lists(template: &Path, name: &Name) -> Result<(), String> {
    let (word, kebab) = (name.pascal(), name.kebab());
    after_last(
        template,
        "          - DailySalesFunctionAliaslive",
        &format!("- {word}FunctionAliaslive"),
    )?;
    after_last(
        template,
        "                      price-list, ",
        &format!("{kebab}, \"{kebab}#*\", {kebab}/*, {kebab}@*,"),
    )?;
    for alarm in ["Behind", "Lag"] {
        let part = format!("- !Sub ALARM(\"${{{word}{alarm}Alarm.Arn}}\")");
        after_last(template, "          - !Sub ALARM(\"${PriceListBehindAlarm.Arn}\")", &part)?;
    }
    Ok(())
}

/// The path of an imported type, by its last name.
fn import_of(text: &str, name: &str) -> Result<String, String> {
    let import = text.lines().find(|line| line.starts_with("use ") && line.contains(name));
    let path = import.and_then(|line| {
        let inner = line.strip_prefix("use ")?.strip_suffix(';')?;
        let Some((start, rest)) = inner.split_once("::{") else { return Some(inner.to_owned()) };
        let part = rest.trim_end_matches('}').split(", ").find(|part| part.ends_with(name))?;
        Some(format!("{start}::{part}"))
    });
    path.ok_or_else(|| format!("The registry does not say where {name} is from."))
}

/// A golden file of the order service also contains the current meaning of each payload.
fn means(name: &Name, event: &str) -> String {
    format!(
        "[{{ \"payload\": {{ \"title\": \"first\" }}, \"means\": [{{ \"eventType\": \"{0}{event}\", \"schemaVersion\": 1, \
         \"payload\": {{ \"title\": \"first\" }} }}] }}]\n",
        name.pascal()
    )
}
