//! Where the items of one user hold the same profile, and where they differ.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::view::profile;
use crate::aws::user_token_items::StoredItem;

#[derive(Serialize)]
pub(super) struct Comparison {
    /// The fields with the same value in all items.
    #[serde(rename = "profile")]
    pub(super) agreed: Map<String, Value>,
    #[serde(rename = "differences")]
    pub(super) differing: Vec<Difference>,
}

/// A field and its different values.
#[derive(Serialize)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) values: Vec<ValueOf>,
}

/// A value and the items that hold it.
#[derive(Serialize)]
pub(super) struct ValueOf {
    /// `None` if the field is not stored, which differs from a stored null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Value>,
    pub(super) token_hashes: Vec<String>,
}

impl Comparison {
    pub(super) fn of(items: &[StoredItem]) -> Self {
        let profiles: Vec<_> = items.iter().map(|item| (item.token_hash(), profile(item))).collect();
        let fields: BTreeSet<&String> = profiles.iter().flat_map(|(_, profile)| profile.keys()).collect();
        let mut comparison = Self { agreed: Map::new(), differing: Vec::new() };
        for field in fields {
            let mut values = values(&profiles, field);
            match values.as_mut_slice() {
                [ValueOf { value: Some(value), .. }] => {
                    comparison.agreed.insert(field.clone(), std::mem::take(value));
                }
                _ => comparison.differing.push(Difference { field: field.clone(), values }),
            }
        }
        comparison
    }
}

fn values(profiles: &[(&str, Map<String, Value>)], field: &str) -> Vec<ValueOf> {
    let mut values: Vec<ValueOf> = Vec::new();
    for (token_hash, profile) in profiles {
        let value = profile.get(field);
        let token_hash = (*token_hash).to_owned();
        match values.iter_mut().find(|known| known.value.as_ref() == value) {
            Some(known) => known.token_hashes.push(token_hash),
            None => values.push(ValueOf { value: value.cloned(), token_hashes: vec![token_hash] }),
        }
    }
    values
}
