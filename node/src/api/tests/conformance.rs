//! Every answer of every test is held against the OpenAPI document: its status, its content type
//! and its body must be described there.

use serde_json::Value;

use super::Got;

/// The document.
pub(super) struct Document(Value);

impl Document {
    pub(super) fn new(bytes: &[u8]) -> Document {
        Document(serde_json::from_slice(bytes).unwrap())
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["paths"].as_object().unwrap().iter()
    }

    /// Panics where the document does not describe the answer.
    pub(super) fn check(&self, method: &str, path: &str, got: &Got) {
        let method = if method == "HEAD" { "get" } else { &method.to_ascii_lowercase() };
        let Some((name, operations)) = self.paths().find(|(name, _)| is_at(name, path)) else {
            assert_eq!(got.status, 404, "{path} is not described");
            return;
        };
        let Some(operation) = operations.get(method) else {
            assert!(got.status == 405 || got.status == 204, "{method} {name}: {}", got.status);
            return;
        };
        let described = operation["responses"].get(got.status.as_str());
        let described = described.unwrap_or_else(|| panic!("{method} {path}: {}", got.status));
        assert!(!got.header("dzong-height").is_empty(), "{method} {path} says no height");
        if got.body.is_empty() {
            return;
        }
        let content = described["content"].as_object();
        let content = content.unwrap_or_else(|| panic!("{method} {path}: a body"));
        let content_type = got.header("content-type");
        let plain = content_type.split(';').next().unwrap_or_default();
        let schema = content.get(content_type).or_else(|| content.get(plain));
        let schema = schema.unwrap_or_else(|| panic!("{method} {path}: {content_type}"));
        if plain.ends_with("json")
            && let Err(problem) = self.holds(&schema["schema"], &got.json())
        {
            panic!("{method} {path} {}: {problem}", got.status);
        }
    }

    /// JSON Schema, as far as the document uses it.
    fn holds(&self, schema: &Value, value: &Value) -> Result<(), String> {
        if let Some(name) = schema["$ref"].as_str() {
            let at = name.strip_prefix('#').unwrap();
            return self.holds(self.0.pointer(at).expect(name), value);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let count = choices.iter().filter(|one| self.holds(one, value).is_ok()).count();
            return if count == 1 { Ok(()) } else { Err(format!("{count} fit {value}")) };
        }
        let wrong = |what: &str| Err(format!("{what}: {value} against {schema}"));
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if schema["type"].as_str().is_some_and(|wanted| wanted != kind) {
            return wrong("type");
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            return wrong("enum");
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            values.iter().try_for_each(|value| self.holds(items, value))?;
        }
        let Some(members) = value.as_object() else { return Ok(()) };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                return wrong(&format!("{name} is missing"));
            }
        }
        for (name, value) in members {
            match schema["properties"].get(name) {
                Some(schema) => self.holds(schema, value)?,
                None if schema["additionalProperties"] == false => return wrong(name),
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether a path is one of those that a name in the document stands for.
fn is_at(name: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (mut names, mut parts) = (name.split('/'), path.split('/'));
    loop {
        match (names.next(), parts.next()) {
            (None, None) => return true,
            // These stand for all that follows.
            (Some("{did}" | "{key}" | "{path}" | "{uri}"), Some(part)) => return !part.is_empty(),
            (Some(name), Some(part)) if name == part || name.starts_with('{') => {}
            _ => return false,
        }
    }
}
