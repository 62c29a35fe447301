//! `make new-view` and `make new-aggregate`: parts of a service that is there.

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
const EXAMPLE: &str = "[{ \"title\": \"first\" }]\n";

/// A service: where its parts are.
pub struct Service {
    root: PathBuf,
    layout: &'static Layout,
}

/// Where the parts of a service are.
struct Layout {
    registry: &'static str,
    views: &'static str,
    /// The crate or module of the aggregates, and its root file.
    domain: (&'static str, &'static str),
}

/// The layout of what `make new` writes.
const SMALL: Layout =
    Layout { registry: "src/service.rs", views: "src/views", domain: ("crate", "src/lib.rs") };

/// The layout of the order service: the domain is a crate of its own.
const LARGE: Layout = Layout {
    registry: "shared/service/src/service.rs",
    views: "shared/service/src/views",
    domain: ("orders", "shared/orders/src/lib.rs"),
};

impl Service {
    /// The service in that folder.
    ///
    /// # Errors
    /// A sentence, when there is none.
    pub fn around(root: &Path) -> Result<Self, String> {
        let found = [&LARGE, &SMALL].into_iter().find(|it| root.join(it.registry).is_file());
        let layout = found.ok_or("There is no service in this folder: no file src/service.rs.")?;
        Ok(Self { root: root.to_owned(), layout })
    }

    /// Adds a view that folds the first aggregate of the registry.
    ///
    /// # Errors
    /// A sentence: there is such a view, or a file cannot be changed.
    pub fn new_view(&self, name: &Name) -> Result<String, String> {
        let registry = self.read(self.layout.registry)?;
        let aggregate = registry.split(".aggregate::<").nth(1).and_then(|it| it.split('>').next());
        let aggregate =
            aggregate.ok_or("The registry names no aggregate that a view could fold.")?;
        let path = match aggregate.rsplit_once("::") {
            Some((module, name)) => format!("{module}::{name}"),
            None => import_of(&registry, aggregate)?,
        };
        let files = self.view_of(name, &path)?;
        Ok(format!(
            "{files}\nNext: say in {}/{}.rs what the view shows",
            self.layout.views,
            name.snake()
        ))
    }

    /// Adds an aggregate, and a view of it, because nobody could read its events otherwise.
    ///
    /// # Errors
    /// A sentence: there is such an aggregate, or a file cannot be changed.
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
        after_last(&self.root.join(self.layout.registry), ".aggregate::<", &line)?;
        let view = Name::new(&format!("{}-summary", name.kebab()))?;
        let files = self.view_of(&view, &path)?;
        format_code(&self.root);
        Ok(format!(
            "{}\n{files}\nNext: say in {} what it does, and add its routes to the registry",
            folder.join("mod.rs").display(),
            folder.display()
        ))
    }

    fn view_of(&self, name: &Name, aggregate: &str) -> Result<String, String> {
        let Layout { registry, views, .. } = self.layout;
        let file = format!("{views}/{}.rs", name.snake());
        self.create(Path::new(&file), &self.view_text(name, aggregate))?;
        let module = self.root.join(views).join("mod.rs");
        let visibility = if self.layout.domain.0 == "crate" { "pub" } else { "pub(crate)" };
        after_last(
            &module,
            &format!("{visibility} mod "),
            &name.fill(&format!("{visibility} mod __snake__;")),
        )?;
        let line = name.fill(".view::<Single<crate::views::__snake__::__Name__>>()");
        after_last(&self.root.join(registry), ".view", &line)?;
        self.deploy(name)?;
        Ok(file)
    }

    /// The view's name in the registry is the word in the template; the order service maps one to the other.
    fn view_text(&self, name: &Name, aggregate: &str) -> String {
        let is_small = self.layout.domain.0 == "crate";
        let in_registry = if is_small { name.pascal() } else { name.kebab().to_owned() };
        let text = name.fill(VIEW).replace("__view__", &in_registry);
        let text = text.replace("__aggregate__", aggregate);
        if is_small { text } else { text.replace("pub ", "pub(crate) ") }
    }

    /// The word in the template. The order service's template also maps the word to the view's name.
    fn deploy(&self, name: &Name) -> Result<(), String> {
        let template = self.root.join("template.yaml");
        let text =
            fs::read_to_string(&template).map_err(|cause| format!("template.yaml: {cause}"))?;
        let lists = text.split("- View\n").skip(1).filter_map(|rest| rest.lines().next());
        let lists: Vec<&str> = lists.map(str::trim).collect();
        let list = lists.first().ok_or("template.yaml has no loop over views")?;
        let longer = list.replace(']', &format!(", {}]", name.pascal()));
        replace(&template, list, &longer)?;
        if let Some(mapped) = text.lines().find(|line| line.contains(": daily-sales")) {
            after_last(&template, mapped, &format!("{}: {}", name.pascal(), name.kebab()))?;
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|cause| format!("{path}: {cause}"))
    }

    fn create(&self, path: &Path, text: &str) -> Result<(), String> {
        let file = self.root.join(path);
        if file.exists() {
            return Err(format!("{} is there already. Choose another name.", path.display()));
        }
        write(&file, text)
    }
}

/// The path of a type that a file imports by its last name.
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

/// A golden file of the order service also says what each payload means today.
fn means(name: &Name, event: &str) -> String {
    format!(
        "[{{ \"payload\": {{ \"title\": \"first\" }}, \"means\": [{{ \"eventType\": \"{0}{event}\", \"schemaVersion\": 1, \
         \"payload\": {{ \"title\": \"first\" }} }}] }}]\n",
        name.pascal()
    )
}
