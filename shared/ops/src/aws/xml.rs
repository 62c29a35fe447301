//! The little of XML that AWS's query protocol needs: elements without attributes, and five entities.

/// The text of the first element of this name.
pub(super) fn first(xml: &str, name: &str) -> Option<String> {
    inner(xml, name).map(|(text, _)| unescaped(text))
}

/// The inner XML of every element of this name that is not inside another of the same name.
pub(super) fn all<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let mut rest = xml;
    let mut found = Vec::new();
    while let Some((text, after)) = inner(rest, name) {
        found.push(text);
        rest = after;
    }
    found
}

/// The inner XML of the first element, and what follows it. An element may hold others of its own name, as
/// `<member>` does.
fn inner<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (_, start) = xml.split_once(&open)?;
    let (mut depth, mut at) = (1_usize, 0_usize);
    loop {
        let rest = start.get(at..)?;
        let end = rest.find(&close)?;
        let nested = rest.find(&open).filter(|place| *place < end);
        match nested {
            Some(place) => {
                depth += 1;
                at += place + open.len();
            }
            None => {
                depth -= 1;
                at += end;
                if depth == 0 {
                    return Some((start.get(..at)?, start.get(at + close.len()..)?));
                }
                at += close.len();
            }
        }
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_elements_of_one_name_stay_together() {
        let xml = "<L><member><A>1</A><L><member>x</member></L></member><member><A>2 &amp; &lt;3</A></member></L>";
        let members = all(xml, "member");
        assert_eq!(members.len(), 2);
        assert_eq!(first(members[0], "A").as_deref(), Some("1"));
        assert_eq!(first(members[1], "A").as_deref(), Some("2 & <3"));
        assert_eq!(first(xml, "B"), None);
        assert_eq!(first("<A>never closed", "A"), None);
    }
}
