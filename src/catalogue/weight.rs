use super::packages::{PACKAGES, Places, figures, own, place, reached};

/// Bytes of several packages together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Weight {
    /// Sum of the wheels in bytes.
    pub wheel_bytes: u64,
    /// Unpacked bytes without `.pyc`.
    pub installed_bytes: u64,
    /// Unpacked bytes with `.pyc`.
    pub compiled_bytes: u64,
    /// `false` when a member has no measured closure, so that the true figure is larger.
    pub complete: bool,
}

/// What the packages `keys` weigh together, without counting shared heavy parts twice.
///
/// Each entry's own part is its closure less the closures it requires; own parts are summed over everything reachable. Own
/// parts are signed: where two required closures overlap, the measured whole is smaller than their sum, and the difference
/// has to come off again. So the weight of one key is exactly its measured closure.
#[must_use]
pub fn weight(keys: &[&str]) -> Weight {
    let roots: Vec<usize> = keys.iter().filter_map(|key| place(key)).collect();
    let mut complete = roots.len() == keys.len();
    let mut members = Places::default();
    let mut covered = Places::default();
    for reached in roots.into_iter().filter_map(reached) {
        members.add(&reached.members);
        covered.add(&reached.covered);
    }
    complete &= members.is_subset(&covered);
    let mut sums = [0_i64; 3];
    let mut floor = [0_i64; 3];
    for member in members.iter() {
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum += own(member).and_then(|own| own.get(index).copied()).unwrap_or_default();
        }
        let figures = PACKAGES.get(member).and_then(|entry| entry.closure.as_ref()).map(figures).unwrap_or_default();
        for (least, figure) in floor.iter_mut().zip(figures) {
            *least = (*least).max(figure);
        }
    }
    let [wheel, installed, compiled] = [0, 1, 2].map(|index: usize| {
        let sum = sums.get(index).copied().unwrap_or_default();
        sum.max(floor.get(index).copied().unwrap_or_default()).unsigned_abs()
    });
    Weight { wheel_bytes: wheel, installed_bytes: installed, compiled_bytes: compiled, complete }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::packages;

    #[test]
    fn the_weight_of_one_entry_is_its_measured_closure() {
        for entry in packages() {
            let Some(closure) = entry.closure else { continue };
            let weight = weight(&[entry.key]);
            assert!(weight.complete, "{}", entry.key);
            let floor = |measured: u64, found: u64| found >= measured && found - measured <= measured / 20;
            assert!(floor(closure.installed_bytes, weight.installed_bytes), "{}: {weight:?}", entry.key);
            assert!(floor(closure.wheel_bytes, weight.wheel_bytes), "{}: {weight:?}", entry.key);
        }
    }

    #[test]
    fn shared_parts_count_once() {
        let torch = weight(&["torch"]).installed_bytes;
        let both = weight(&["sentence-transformers", "easyocr", "torch"]);
        assert!(both.installed_bytes > torch && both.installed_bytes < torch + 700_000_000, "{both:?}");
        let numeric = weight(&["pandas", "scipy"]).installed_bytes;
        assert_eq!(numeric, 217_000_000, "numpy is in both");
    }

    #[test]
    fn an_unmeasured_entry_makes_the_weight_incomplete() {
        let unmeasured = weight(&["stanza"]);
        assert!(!unmeasured.complete && unmeasured.installed_bytes >= weight(&["torch"]).installed_bytes);
        assert!(!weight(&["torch", "unheard-of"]).complete);
        assert!(weight(&["docling"]).complete, "what is below a measured closure is in it");
    }
}
