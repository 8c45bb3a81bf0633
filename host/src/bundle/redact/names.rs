//! Names and their pseudonyms.

use std::collections::{BTreeSet, HashMap, HashSet};

/// The least number of digits of a pseudonym.
const MIN_DIGITS: usize = 4;

/// Stands for a name that the first pass did not see. The passes make the same
/// decisions, so this is not used.
const UNSEEN: &str = "name-unseen";

/// The names of a bundle.
pub(super) struct NameTable {
    phase: NamePhase,
    /// Texts that stay although they are neither numbers nor times.
    kept: HashSet<String>,
    /// Ids such as `TYPE:NAME`, of storage servers and disk pools. The two parts have
    /// pseudonyms of their own, because guests read the name out of the id.
    compounds: HashSet<String>,
}

enum NamePhase {
    Collecting(BTreeSet<String>),
    Assigned(HashMap<String, String>),
}

impl NameTable {
    pub(super) fn collecting() -> Self {
        Self {
            phase: NamePhase::Collecting(BTreeSet::new()),
            kept: HashSet::new(),
            compounds: HashSet::new(),
        }
    }

    /// The table with a pseudonym for each collected name.
    pub(super) fn assign(mut self) -> Self {
        if let NamePhase::Collecting(names) = &self.phase {
            // An id may be a name with a colon, such as an address.
            self.compounds.retain(|id| !names.contains(id));
            self.phase = NamePhase::Assigned(pseudonyms(names));
        }
        self
    }

    /// Whether both parts of an id are replaced on their own. While names are
    /// collected, the id is noted, and the parts are collected in any case.
    pub(super) fn splits(&mut self, id: &str) -> bool {
        if let NamePhase::Collecting(_) = self.phase {
            self.compounds.insert(id.to_owned());
            return true;
        }
        self.compounds.contains(id)
    }

    /// The pseudonym of a name. Empty while names are collected.
    pub(super) fn replace(&mut self, name: &str) -> String {
        match &mut self.phase {
            NamePhase::Collecting(names) => {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
                String::new()
            }
            NamePhase::Assigned(pseudonyms) => {
                let pseudonym = pseudonyms.get(name).map(String::as_str);
                pseudonym.unwrap_or(UNSEEN).to_owned()
            }
        }
    }

    /// Notes a text that stays.
    pub(super) fn keep(&mut self, text: &str) {
        if !self.kept.contains(text) {
            self.kept.insert(text.to_owned());
        }
    }

    pub(super) fn is_kept(&self, text: &str) -> bool {
        self.kept.contains(text)
    }

    pub(super) fn is_name(&self, text: &str) -> bool {
        match &self.phase {
            NamePhase::Collecting(names) => names.contains(text),
            NamePhase::Assigned(pseudonyms) => pseudonyms.contains_key(text),
        }
    }
}

/// Pseudonyms that compare like their names, by bytes and without case.
///
/// All have the same length. The number is that of the name without case. If the two
/// orders differ, the letters before it are the place in the order by bytes as a binary
/// number: upper case for 0 and lower case for 1, because `A` sorts before `a`.
fn pseudonyms(names: &BTreeSet<String>) -> HashMap<String, String> {
    let lower: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let numbers: HashMap<&str, usize> = lower.iter().map(String::as_str).zip(1..).collect();
    let number = |name: &String| numbers.get(name.to_lowercase().as_str()).copied();
    let numbered: Vec<usize> = names.iter().filter_map(number).collect();
    let is_one_order = numbered.is_sorted_by(|one, next| one < next);
    let digits = lower.len().to_string().len().max(MIN_DIGITS);
    let bits = match is_one_order {
        true => 0,
        false => usize::BITS - names.len().leading_zeros(),
    };
    let pseudonym = |(place, number): (usize, usize)| {
        let letters: String = match bits {
            0 => "name".to_owned(),
            bits => (0..bits).rev().map(|bit| letter(place >> bit)).collect(),
        };
        format!("{letters}-{number:0digits$}")
    };
    let pseudonyms = numbered.into_iter().enumerate().map(pseudonym);
    names.iter().cloned().zip(pseudonyms).collect()
}

fn letter(bits: usize) -> char {
    if bits & 1 == 0 { 'N' } else { 'n' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(names: &[&str]) -> Vec<(String, String)> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        let mut all: Vec<_> = pseudonyms(&names).into_iter().collect();
        all.sort();
        all
    }

    #[test]
    fn names_without_upper_case_are_numbered() {
        let all = assigned(&["web2", "db1", "web10"]);
        let pairs = all.iter().map(|(name, it)| (name.as_str(), it.as_str()));
        assert_eq!(
            pairs.collect::<Vec<_>>(),
            [
                ("db1", "name-0001"),
                ("web10", "name-0002"),
                ("web2", "name-0003")
            ]
        );
    }

    #[test]
    fn both_orders_and_both_equalities_stay() {
        let all = assigned(&[
            "aPp", "app", "aQ", "ab", "B", "É", "é", "Zeta", "zeta", "a-b", "a",
        ]);
        for (name, pseudonym) in &all {
            for (other, its) in &all {
                assert_eq!(name.cmp(other), pseudonym.cmp(its), "{name} {other}");
                let (lower, other) = (name.to_lowercase(), other.to_lowercase());
                let order = pseudonym.to_lowercase().cmp(&its.to_lowercase());
                assert_eq!(lower.cmp(&other), order, "{lower} {other}");
            }
        }
    }
}
