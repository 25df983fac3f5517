//! JSON Schema as a shape: whether each keyword stands as drafts 2020-12 and draft-07 write it.
//! Nothing is fetched, resolved or compiled, so the check is cheap, total and the same everywhere;
//! keywords that nobody here knows are extensions and stay as they are.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Publication, ResourceError, split_uri};

/// The meta-schemas that `$schema` may name.
const META_SCHEMAS: [&str; 3] = [
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-07/schema",
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// What may stand at a keyword.
#[derive(Clone, Copy)]
enum Shape {
    Meta,
    Id,
    Reference,
    Text,
    Flag,
    /// An integer that is not negative.
    Count,
    Number,
    /// A number above zero.
    Positive,
    List,
    /// Texts, each once.
    Texts,
    Types,
    Schema,
    /// At least one schema.
    Schemas,
    SchemaOrSchemas,
    SchemaMap,
    /// Texts for each name.
    TextsMap,
    /// A schema or texts for each name.
    Dependencies,
}

/// The keywords of both drafts whose value has a form. What is in `const`, `default` and under
/// unknown keywords is data.
static KEYWORDS: &[(&str, Shape)] = &[
    ("$anchor", Shape::Text),
    ("$comment", Shape::Text),
    ("$defs", Shape::SchemaMap),
    ("$dynamicAnchor", Shape::Text),
    ("$dynamicRef", Shape::Reference),
    ("$id", Shape::Id),
    ("$ref", Shape::Reference),
    ("$schema", Shape::Meta),
    ("additionalItems", Shape::Schema),
    ("additionalProperties", Shape::Schema),
    ("allOf", Shape::Schemas),
    ("anyOf", Shape::Schemas),
    ("contains", Shape::Schema),
    ("contentEncoding", Shape::Text),
    ("contentMediaType", Shape::Text),
    ("contentSchema", Shape::Schema),
    ("definitions", Shape::SchemaMap),
    ("dependencies", Shape::Dependencies),
    ("dependentRequired", Shape::TextsMap),
    ("dependentSchemas", Shape::SchemaMap),
    ("deprecated", Shape::Flag),
    ("description", Shape::Text),
    ("else", Shape::Schema),
    ("enum", Shape::List),
    ("examples", Shape::List),
    ("exclusiveMaximum", Shape::Number),
    ("exclusiveMinimum", Shape::Number),
    ("format", Shape::Text),
    ("if", Shape::Schema),
    ("items", Shape::SchemaOrSchemas),
    ("maxContains", Shape::Count),
    ("maxItems", Shape::Count),
    ("maxLength", Shape::Count),
    ("maxProperties", Shape::Count),
    ("maximum", Shape::Number),
    ("minContains", Shape::Count),
    ("minItems", Shape::Count),
    ("minLength", Shape::Count),
    ("minProperties", Shape::Count),
    ("minimum", Shape::Number),
    ("multipleOf", Shape::Positive),
    ("not", Shape::Schema),
    ("oneOf", Shape::Schemas),
    ("pattern", Shape::Text),
    ("patternProperties", Shape::SchemaMap),
    ("prefixItems", Shape::Schemas),
    ("properties", Shape::SchemaMap),
    ("propertyNames", Shape::Schema),
    ("readOnly", Shape::Flag),
    ("required", Shape::Texts),
    ("then", Shape::Schema),
    ("title", Shape::Text),
    ("type", Shape::Types),
    ("unevaluatedItems", Shape::Schema),
    ("unevaluatedProperties", Shape::Schema),
    ("uniqueItems", Shape::Flag),
    ("writeOnly", Shape::Flag),
];

type Checked = Result<(), ResourceError>;

/// Checks that the content is written as a JSON Schema, and stands on itself: what it refers to is
/// in it, or is a resource named by its hash, so that its meaning cannot change.
pub(super) fn check(publication: &Publication<'_>) -> Checked {
    let place = "/content";
    let schema = publication.content.as_object();
    let schema = schema.ok_or_else(|| wrong(place, "write the schema as an object"))?;
    if !schema.contains_key("$schema") {
        let message = format!("name the draft in `$schema`: `{}`", META_SCHEMAS[0]);
        return Err(wrong(place, &message));
    }
    let mut walk = Walk::default();
    walk.object(place, schema)?;
    walk.check_references()
}

/// What the whole schema names and refers to.
#[derive(Default)]
struct Walk<'a> {
    ids: BTreeSet<&'a str>,
    references: Vec<(String, &'a str)>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, place: &str, value: &'a Value) -> Checked {
        match value {
            Value::Bool(_) => Ok(()),
            Value::Object(schema) => self.object(place, schema),
            _ => Err(wrong(place, "write a schema here: an object, true or false")),
        }
    }

    fn object(&mut self, place: &str, schema: &'a Map<String, Value>) -> Checked {
        for (name, value) in schema {
            if let Ok(at) = KEYWORDS.binary_search_by_key(&name.as_str(), |(keyword, _)| keyword)
                && let Some((_, shape)) = KEYWORDS.get(at)
            {
                self.keyword(&below(place, name), *shape, value)?;
            }
        }
        Ok(())
    }

    fn keyword(&mut self, place: &str, shape: Shape, value: &'a Value) -> Checked {
        match shape {
            Shape::Meta => {
                let known = value.as_str().is_some_and(|text| META_SCHEMAS.contains(&text));
                let drafts = META_SCHEMAS[..2].join("` or `");
                require(known, place, &format!("use `{drafts}`"))
            }
            Shape::Id => {
                let id = value.as_str().map(|id| id.strip_suffix('#').unwrap_or(id));
                let id = id.filter(|id| !id.contains('#'));
                let id = id.ok_or_else(|| wrong(place, "write a URI without a fragment"))?;
                self.ids.insert(id);
                Ok(())
            }
            Shape::Reference => {
                let text = value.as_str().ok_or_else(|| wrong(place, "write a text"))?;
                self.references.push((place.to_owned(), text));
                Ok(())
            }
            Shape::Schema => self.schema(place, value),
            Shape::Schemas => self.schemas(place, value),
            Shape::SchemaOrSchemas if value.is_array() => self.schemas(place, value),
            Shape::SchemaOrSchemas => self.schema(place, value),
            Shape::SchemaMap => self.map(place, value, Shape::Schema),
            Shape::TextsMap => self.map(place, value, Shape::Texts),
            Shape::Dependencies => self.map(place, value, Shape::Dependencies),
            _ => check_plain(place, shape, value),
        }
    }

    fn schemas(&mut self, place: &str, value: &'a Value) -> Checked {
        let schemas = value.as_array().filter(|schemas| !schemas.is_empty());
        let schemas = schemas.ok_or_else(|| wrong(place, "write a list of one schema or more"))?;
        let mut schemas = schemas.iter().enumerate();
        schemas.try_for_each(|(at, schema)| self.schema(&below(place, &at.to_string()), schema))
    }

    fn map(&mut self, place: &str, value: &'a Value, each: Shape) -> Checked {
        let members = value.as_object().ok_or_else(|| wrong(place, "write an object"))?;
        for (name, value) in members {
            let shape = match each {
                Shape::Dependencies if value.is_array() => Shape::Texts,
                Shape::Dependencies => Shape::Schema,
                other => other,
            };
            self.keyword(&below(place, name), shape, value)?;
        }
        Ok(())
    }

    fn check_references(&self) -> Checked {
        for (place, reference) in &self.references {
            let (target, _) = reference.split_once('#').unwrap_or((reference, ""));
            let known = target.is_empty()
                || self.ids.contains(target)
                || META_SCHEMAS.contains(&target)
                || split_uri(target).is_some();
            let advice = "refer to what is in this schema (#/$defs/…, or an embedded $id), or to a \
                          resource by its DID URL: nothing else is sure to stay as it is";
            require(known, place, advice)?;
        }
        Ok(())
    }
}

/// Keywords whose value holds no schemas.
fn check_plain(place: &str, shape: Shape, value: &Value) -> Checked {
    let (holds, advice) = match shape {
        Shape::Text => (value.is_string(), "write a text"),
        Shape::Flag => (value.is_boolean(), "write true or false"),
        Shape::Count => (value.is_u64(), "write an integer of 0 or more"),
        Shape::Number => (value.is_number(), "write a number"),
        Shape::Positive => (value.as_u64().is_some_and(|n| n > 0), "write a number above 0"),
        Shape::List => (value.is_array(), "write a list"),
        Shape::Texts => (is_texts(value), "write a list of texts, each once"),
        Shape::Types => (is_types(value), "write a JSON type or a list of them, each once"),
        _ => (true, ""),
    };
    require(holds, place, advice)
}

fn is_texts(value: &Value) -> bool {
    let mut seen = BTreeSet::new();
    let once = |item: &Value| item.as_str().is_some_and(|text| seen.insert(text.to_owned()));
    value.as_array().is_some_and(|items| items.iter().all(once))
}

fn is_types(value: &Value) -> bool {
    let is_type = |value: &Value| value.as_str().is_some_and(|text| TYPES.contains(&text));
    match value {
        Value::Array(types) => !types.is_empty() && types.iter().all(is_type) && is_texts(value),
        one => is_type(one),
    }
}

fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn require(holds: bool, place: &str, advice: &str) -> Checked {
    if holds { Ok(()) } else { Err(wrong(place, advice)) }
}

fn wrong(place: &str, message: &str) -> ResourceError {
    ResourceError::new(place, message)
}

#[cfg(test)]
mod tests {
    use super::KEYWORDS;

    #[test]
    fn keywords_are_found_by_their_order() {
        assert!(KEYWORDS.is_sorted_by(|(one, _), (next, _)| one < next));
    }
}
