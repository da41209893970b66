//! From the very tree that programs fetch to what people read, its references followed.

use serde_json::Value;

use super::shown::{Answer, Group, Member, PageLine, Refusal, Shape, Shown, Words};
use super::{PAGES, TAGS, all_told, plain};

/// All of it.
pub(super) fn all(tree: &Value) -> Shown {
    let home = text(tree, "/servers/0/url");
    let groups = TAGS.iter().filter(|(name, _)| *name != PAGES).map(|(name, about)| Group {
        id: name.to_lowercase().replace(' ', "-"),
        name,
        about,
        operations: shapes(tree, name, &home),
    });
    Shown {
        about: Words::of(tree, "/info/description"),
        groups: groups.collect(),
        refusals: refusals(tree),
        pages: pages(tree),
        home,
    }
}

impl Words {
    fn of(tree: &Value, place: &str) -> Self {
        let parts = text(tree, place);
        let parts = parts.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part.to_owned()));
        Self(parts.filter(|(_, part)| !part.is_empty()).collect())
    }
}

fn shapes(tree: &Value, tag: &str, home: &str) -> Vec<Shape> {
    let told = all_told();
    let found = told.iter().filter_map(|told| {
        let (method, path) = (told.method.as_str().to_lowercase(), plain(told.path));
        let operation = tree["paths"][&path].get(&method)?;
        (operation["tags"][0] == tag).then(|| shape(tree, &method, &path, operation, home))
    });
    found.collect()
}

fn shape(tree: &Value, method: &str, path: &str, operation: &Value, home: &str) -> Shape {
    let sent = &operation["requestBody"]["content"]["application/json"];
    let good = &operation["responses"]["200"]["content"];
    let json = |content: &Value| {
        let kinds = content.as_object()?;
        kinds.iter().find(|(kind, _)| kind.ends_with("json")).map(|(_, content)| content.clone())
    };
    let got = json(good).unwrap_or_default();
    let (refused, answers): (Vec<_>, Vec<_>) =
        entries(&operation["responses"]).into_iter().partition(|(_, answer)| answer.get("$ref").is_some());
    Shape {
        id: text(operation, "/operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "/summary"),
        about: Words::of(operation, "/description"),
        who: who(operation),
        reads: members(tree, &sent["schema"]),
        gives: members(tree, &got["schema"]),
        // Where to go on is for the forms of the same address.
        answers: answers
            .into_iter()
            .filter(|(status, _)| *status != "303" || good.is_null())
            .map(answer)
            .collect(),
        refusals: refused.into_iter().map(|(status, _)| status.clone()).collect(),
        call: call(method, &format!("{home}{path}"), operation, &sent["example"]),
        example: got.get("example").and_then(|example| serde_json::to_string_pretty(example).ok()),
    }
}

fn answer((status, answer): (&String, &Value)) -> Answer {
    let contents: Vec<_> = entries(&answer["content"]).into_iter().map(|(kind, _)| kind.as_str()).collect();
    Answer { status: status.clone(), about: Words::of(answer, "/description"), contents: contents.join(", ") }
}

/// The same, for a shell.
fn call(method: &str, url: &str, operation: &Value, example: &Value) -> String {
    let token =
        if operation.get("security").is_some() { " \\\n  -H \"Authorization: Bearer $TOKEN\"" } else { "" };
    match (method, example) {
        ("get", _) => format!("curl {url}{token}"),
        (_, Value::Null) => {
            format!("curl -X {} {url}{token} \\\n  -H 'Accept: application/json'", method.to_uppercase())
        }
        (_, body) => format!("curl {url}{token} \\\n  --json '{body}'"),
    }
}

fn who(operation: &Value) -> &'static str {
    match operation["security"].as_array().map(Vec::as_slice) {
        None => "Anybody",
        Some([_]) => "Whoever has a token",
        Some([first, ..]) if first.as_object().is_some_and(serde_json::Map::is_empty) => {
            "Anybody; a token or the cookie says who"
        }
        Some(_) => "Whoever is signed in, by a token or by the cookie",
    }
}

/// The members of a type, those that have to be there first.
fn members(tree: &Value, schema: &Value) -> Vec<Member> {
    let schema = followed(tree, schema);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let own = entries(&schema["properties"]).into_iter().map(|(name, member)| Member {
        name: name.clone(),
        kind: kind(member),
        is_required: required.iter().any(|wanted| wanted == name),
        about: Words::of(member, "/description"),
    });
    let parts = |word: &str| schema[word].as_array().cloned().unwrap_or_default();
    let all = parts("allOf").into_iter().flat_map(|part| members(tree, &part));
    let either = parts("oneOf").into_iter().flat_map(|part| members(tree, &part));
    let either = either.map(|member| Member { is_required: false, ..member });
    let mut members: Vec<_> = own.chain(all).chain(either).collect();
    members.sort_by_key(|member| !member.is_required);
    members
}

fn kind(schema: &Value) -> String {
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds: Vec<_> =
                kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
            kinds.join(" or ")
        }
        Value::String(kind) if kind == "array" => format!("list of {}s", text(schema, "/items/type")),
        kind => kind.as_str().unwrap_or("object").to_owned(),
    }
}

fn followed<'a>(tree: &'a Value, schema: &'a Value) -> &'a Value {
    let place = schema["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.and_then(|place| tree.pointer(place)).unwrap_or(schema)
}

fn refusals(tree: &Value) -> Vec<Refusal> {
    let told = |response: &Value| {
        let examples = entries(&response["content"]["application/problem+json"]["examples"]);
        let problems = examples
            .iter()
            .map(|(_, example)| (text(example, "/value/type"), Words::of(example, "/value/detail")));
        problems.collect()
    };
    let refusals = entries(&tree["components"]["responses"]).into_iter().map(|(name, response)| Refusal {
        status: name.trim_start_matches("Refused").to_owned(),
        headers: entries(&response["headers"])
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != "X-Request-Id")
            .collect(),
        problems: told(response),
    });
    refusals.collect()
}

fn pages(tree: &Value) -> Vec<PageLine> {
    let lines = entries(&tree["paths"]).into_iter().flat_map(|(path, item)| {
        let operations = entries(item).into_iter().filter(|(_, operation)| operation["tags"][0] == PAGES);
        operations.map(move |(method, operation)| PageLine {
            method: method.to_uppercase(),
            path: path.clone(),
            needs_sign_in: operation["security"][0].as_object().is_some_and(|first| !first.is_empty()),
        })
    });
    lines.collect()
}

fn entries(object: &Value) -> Vec<(&String, &Value)> {
    object.as_object().into_iter().flatten().collect()
}

fn text(tree: &Value, place: &str) -> String {
    tree.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
}
