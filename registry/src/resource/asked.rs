//! Which DID URLs ask for a resource, and what they ask.

use std::collections::BTreeMap;

use super::Question;
use crate::did::{DidUrl, split_at};
use crate::resolution::Failure;
use crate::resolution::request::decode;

/// What somebody asks of a resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// Whether a proof is wanted with the answer.
    pub proof: bool,
}

impl Asked {
    /// Reads a DID URL and the options beside it, decoded: parameters count in either place, each
    /// once. `None` where the DID URL does not ask for a resource, or is none.
    pub fn read(url: &str, options: &[(String, String)]) -> Option<Result<Asked, Failure>> {
        let url = DidUrl::parse(url).ok()?;
        let by_path = url.path.strip_prefix("/resources/");
        if by_path.is_none() && !url.path.is_empty() {
            return None;
        }
        let query = url.query.as_deref().unwrap_or_default();
        let mut parameters: Vec<(String, String)> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = split_at(part, '=');
            parameters.push((decode(name)?, decode(value.unwrap_or_default())?));
        }
        parameters.extend_from_slice(options);
        let named = |name: &str| name.starts_with("resource") || name == "checksum";
        if by_path.is_none() && !parameters.iter().any(|(name, _)| named(name)) {
            return None;
        }
        let count = parameters.len();
        let parameters: BTreeMap<String, String> = parameters.into_iter().collect();
        if parameters.len() < count {
            return Some(Err(Failure::InvalidOptions));
        }
        Some(read_parameters(url.did.as_str(), by_path, parameters))
    }
}

fn read_parameters(
    did: &str,
    id: Option<&str>,
    parameters: BTreeMap<String, String>,
) -> Result<Asked, Failure> {
    let resource_id = id.map(str::to_owned);
    let mut question = Question { did: did.to_owned(), resource_id, ..Question::default() };
    let (mut proof, mut no_cache) = (false, false);
    for (name, value) in parameters {
        let flag = match name.as_str() {
            "proof" => Some(&mut proof),
            // Every answer is from the newest block, so no cache need be told to stand aside.
            "noCache" => Some(&mut no_cache),
            "resourceMetadata" => Some(&mut question.resource_metadata),
            _ => None,
        };
        if let Some(flag) = flag {
            *flag = value.parse().map_err(|_| Failure::InvalidOptions)?;
            continue;
        }
        let member = match name.as_str() {
            "checksum" => &mut question.checksum,
            "resourceCollectionId" => &mut question.resource_collection_id,
            "resourceId" if id.is_none() => &mut question.resource_id,
            "resourceName" => &mut question.resource_name,
            "resourceType" => &mut question.resource_type,
            "resourceVersion" => &mut question.resource_version,
            "resourceVersionTime" => &mut question.resource_version_time,
            _ => return Err(Failure::InvalidOptions),
        };
        *member = Some(value);
    }
    Ok(Asked { question, proof })
}
