//! pdm writes a package once for itself and once for the extras that are asked of it.

use std::collections::{HashMap, HashSet};

use crate::python::PackageName;

use super::LockedPackage;

/// Entries for a package with extras become extras of the plain entry. `variants`: the extras that an entry is about, by its index.
pub(super) fn fold(packages: &mut Vec<LockedPackage>, variants: &HashMap<usize, Vec<PackageName>>) {
    let mut plain: HashMap<(PackageName, String), usize> = HashMap::new();
    for (index, package) in packages.iter().enumerate().filter(|(index, _)| !variants.contains_key(index)) {
        plain.entry((package.name.clone(), package.version.clone())).or_insert(index);
    }
    // An entry for `a` alone tells more of `a` than one for `a` and `b`.
    let mut ordered: Vec<(&usize, &Vec<PackageName>)> = variants.iter().collect();
    ordered.sort_by_key(|(index, extras)| (extras.len(), **index));
    let mut folded = HashSet::new();
    for (&index, extras) in ordered {
        let Some(variant) = packages.get(index).cloned() else { continue };
        let place = plain.get(&(variant.name.clone(), variant.version.clone()));
        let Some(target) = place.and_then(|&place| packages.get_mut(place)) else { continue };
        folded.insert(index);
        for extra in extras {
            if target.extras.iter().all(|(known, _)| known != extra) {
                let own = variant.dependencies.iter().filter(|edge| edge.name != variant.name).cloned();
                target.extras.push((extra.clone(), own.collect()));
            }
        }
        for group in variant.memberships {
            if !target.memberships.contains(&group) {
                target.memberships.push(group);
            }
        }
    }
    let mut index = 0;
    packages.retain(|_| {
        index += 1;
        !folded.contains(&(index - 1))
    });
}
