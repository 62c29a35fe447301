//! Which rows of the view table a role may touch. All views share one table, and the partition of a row begins with its
//! view's name. `tests/handlers` runs the functions over a store that notes the partitions.

use serde_json::{Value, json};

use super::{
    functions::pascal,
    model::{Template, each, points_at},
    policies::policies,
};

/// The row of the key that seals cursors.
const CURSOR_KEY: &str = "cursor-key";

/// The partitions of a view: its rows, its counted records and generations, and the generations after the first.
fn of_view(view: &str) -> Vec<String> {
    ["", "#*", "/*", "@*"].map(|rest| format!("{view}{rest}")).to_vec()
}

fn only(partitions: &[String]) -> Value {
    in_order(&json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": partitions}}))
}

/// The order of the partitions of a condition does not matter.
fn in_order(condition: &Value) -> Value {
    let mut condition = condition.clone();
    for operator in condition.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
        let partitions = operator.get_mut("dynamodb:LeadingKeys");
        if let Some(partitions) = partitions.and_then(Value::as_array_mut) {
            partitions.sort_by_key(Value::to_string);
        }
    }
    condition
}

/// The conditions that the statements of each role about the view table must have. Query of an index asks for the index's
/// partitions.
fn wanted() -> Vec<(String, Vec<Value>)> {
    let service = order_service::service();
    let views: Vec<&str> = service.views().iter().map(|view| view.name()).collect();
    let mut wanted: Vec<_> = views
        .iter()
        .map(|view| (format!("{}Role", pascal(view)), vec![only(&of_view(view))]))
        .collect();
    for policy in policies() {
        let due = only(&[format!("due#{policy}#*"), format!("{policy}@*")]);
        let own = only(&of_view(policy)[1..]);
        wanted.push((format!("{}PolicyRole", pascal(policy)), vec![due, own]));
    }
    let shown = views.iter().filter(|view| !policies().contains(view));
    let shown = std::iter::once(CURSOR_KEY.to_owned()).chain(shown.flat_map(|view| of_view(view)));
    let sealing = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [CURSOR_KEY]}});
    wanted.push(("ApiRole".to_owned(), vec![only(&shown.collect::<Vec<_>>()), sealing]));
    let no_key = json!({"ForAllValues:StringNotEquals": {"dynamodb:LeadingKeys": [CURSOR_KEY]}});
    wanted.push(("RebuildRole".to_owned(), vec![no_key]));
    wanted
}

/// A fault in one view's function cannot damage the rows of another.
pub(super) fn roles_touch_only_rows_of_their_views(template: &Template) -> Vec<String> {
    let wanted = wanted();
    let mut wrong = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        let statements = each(role.get("/Policies/0/PolicyDocument/Statement"));
        let on_views = statements.into_iter().filter(|statement| {
            let resources = each(&statement["Resource"]);
            resources.iter().any(|it| {
                let text = it["Fn::Sub"].as_str().unwrap_or_default();
                points_at(it) == Some("ViewTable") || text.contains("ViewTable")
            })
        });
        let found: Vec<Value> = on_views.map(|it| in_order(&it["Condition"])).collect();
        let expected = wanted.iter().find(|(name, _)| name == role.name).map(|(_, it)| it.clone());
        if found != expected.clone().unwrap_or_default() {
            wrong.push(format!("{} has {found:?} in place of {expected:?}", role.name));
        }
    }
    wrong
}
