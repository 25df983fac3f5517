//! What the members of a kind of event are, to be filled in: found by asking the kind's own reader,
//! so that the two cannot differ.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess};
use serde::de::{IntoDeserializer, Visitor};
use serde_json::{Map, Value};

/// The name by which a reader asks for JSON as it stands.
const RAW: &str = "$serde_json::private::RawValue";

/// How deep the members of members are followed.
const DEPTH_MAX: usize = 6;

/// The members of `T`, each with a word for what it holds.
pub(crate) fn of<T: DeserializeOwned>() -> Value {
    shape::<T>(&mut Vec::new())
}

/// A step from a value to one within it.
#[derive(Debug, Clone, Copy)]
enum Step {
    Member(&'static str),
    /// Any entry of a map.
    Entry,
    /// Any item of a list.
    Item,
}

/// What a reader asks for.
#[derive(Debug)]
enum Found {
    Text(String),
    Members(&'static [&'static str]),
    Entries,
    Items,
}

fn shape<T: DeserializeOwned>(path: &mut Vec<Step>) -> Value {
    let mut found = Found::Text("any JSON".into());
    let mut optional = false;
    // Every reading ends with the error by which the probe stops it.
    let _ = T::deserialize(Probe { path, found: &mut found, optional: &mut optional });
    let mut inner = |step: Step| {
        path.push(step);
        let value = match path.len() > DEPTH_MAX {
            true => Value::Null,
            false => shape::<T>(path),
        };
        path.pop();
        value
    };
    match found {
        Found::Text(text) if optional => format!("{text}; may be left out").into(),
        Found::Text(text) => text.into(),
        Found::Items => vec![inner(Step::Item)].into(),
        Found::Entries => Map::from_iter([("…".to_owned(), inner(Step::Entry))]).into(),
        Found::Members(names) => {
            let member = |name: &&'static str| ((*name).to_owned(), inner(Step::Member(name)));
            names.iter().map(member).collect::<Map<_, _>>().into()
        }
    }
}

/// Notes what the reader asks for at the end of a path, and stops it there.
struct Probe<'a> {
    path: &'a [Step],
    found: &'a mut Found,
    optional: &'a mut bool,
}

type Stop = serde::de::value::Error;

fn stop<T>() -> Result<T, Stop> {
    Err(Stop::custom("found"))
}

impl Probe<'_> {
    fn note<T>(self, found: Found) -> Result<T, Stop> {
        if self.path.is_empty() {
            *self.found = found;
        }
        stop()
    }

    fn text<T>(self, text: &str) -> Result<T, Stop> {
        self.note(Found::Text(text.to_owned()))
    }
}

macro_rules! texts {
    ($($method:ident: $text:literal,)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.text($text)
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    texts! {
        deserialize_any: "any JSON",
        deserialize_ignored_any: "any JSON",
        deserialize_bool: "true or false",
        deserialize_i8: "number",
        deserialize_i16: "number",
        deserialize_i32: "number",
        deserialize_i64: "number",
        deserialize_u8: "number",
        deserialize_u16: "number",
        deserialize_u32: "number",
        deserialize_u64: "number",
        deserialize_f32: "number",
        deserialize_f64: "number",
        deserialize_char: "text",
        deserialize_str: "text",
        deserialize_string: "text",
        deserialize_bytes: "text",
        deserialize_byte_buf: "text",
        deserialize_identifier: "text",
        deserialize_unit: "null",
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        *self.optional = self.path.is_empty();
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Stop> {
        self.text("null")
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match name {
            RAW => self.text("any JSON"),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.path.split_first() {
            Some((Step::Item, _)) => visitor.visit_seq(Within(self)),
            _ => self.note(Found::Items),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.path.split_first() {
            Some((Step::Entry, _)) => visitor.visit_map(Within(self)),
            _ => self.note(Found::Entries),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.path.split_first() {
            Some((Step::Member(_), _)) => visitor.visit_map(Within(self)),
            _ => self.note(Found::Members(fields)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.text(&variants.join(" | "))
    }
}

/// The one step into a value.
struct Within<'a>(Probe<'a>);

impl<'a> Within<'a> {
    fn enter<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let Probe { path, found, optional } = &mut self.0;
        let path = path.split_first().map_or(&[][..], |(_, rest)| rest);
        seed.deserialize(Probe { path, found, optional })
    }
}

impl<'de> SeqAccess<'de> for Within<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Stop> {
        self.enter(seed).map(Some)
    }
}

impl<'de> MapAccess<'de> for Within<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Stop> {
        let name = match self.0.path.first() {
            Some(Step::Member(name)) => name,
            _ => "…",
        };
        let name: StrDeserializer<'_, Stop> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        self.enter(seed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::events::Body;

    #[test]
    fn a_kind_says_what_its_members_are() {
        let vote = json!({ "approve": "true or false", "decision": "text", "payload": "text" });
        assert_eq!(Body::template("VoteCast"), Some(vote));
        let admitted = Body::template("ValidatorAdmitted").unwrap();
        assert_eq!(admitted["height"], "number; may be left out");
        assert_eq!(admitted["possession"], json!(["text"]));
        assert_eq!(admitted["validator"]["jurisdiction"], "text; may be left out");
        let framework = Body::template("FrameworkApproved").unwrap();
        assert_eq!(framework["languages"]["…"]["title"], "text");
        assert_eq!(Body::template("Nothing"), None);
    }

    #[test]
    fn every_kind_has_a_template_with_names() {
        for kind in Body::KINDS {
            let template = Body::template(kind).unwrap();
            assert!(template.as_object().is_some_and(|members| !members.is_empty()), "{kind}");
        }
    }
}
