//! Which package is needed only because of which other: the dominators of a dependency graph.
//!
//! Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".

/// The dominators of a graph, seen from what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dominators {
    /// Above each node the one without which nothing would lead to it; `None` where that is no single node.
    immediate: Vec<Option<usize>>,
    /// Nodes that something leads to, each behind its dominator.
    order: Vec<usize>,
}

impl Dominators {
    /// Of the graph in which `edges[n]` are the nodes that `n` leads to, asked for at `roots`. Numbers beyond it are passed over.
    #[must_use]
    pub fn new(edges: &[Vec<usize>], roots: &[usize]) -> Self {
        let order = reverse_postorder(edges, roots);
        // One more node stands above all that is asked for.
        let top = edges.len();
        let mut place = vec![usize::MAX; top + 1];
        if let Some(first) = place.get_mut(top) {
            *first = 0;
        }
        for (index, &node) in order.iter().enumerate() {
            if let Some(slot) = place.get_mut(node) {
                *slot = index + 1;
            }
        }
        let mut parents: Vec<Vec<usize>> = vec![Vec::new(); top];
        for &node in &order {
            for &next in edges.get(node).into_iter().flatten() {
                if let Some(parents) = parents.get_mut(next) {
                    parents.push(node);
                }
            }
        }
        for &root in roots {
            if let Some(parents) = parents.get_mut(root) {
                parents.push(top);
            }
        }
        let mut above: Vec<Option<usize>> = vec![None; top + 1];
        if let Some(own) = above.get_mut(top) {
            *own = Some(top);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for &node in &order {
                let known = parents.get(node).into_iter().flatten().copied();
                let mut known = known.filter(|&parent| above.get(parent).copied().flatten().is_some());
                let Some(first) = known.next() else { continue };
                let found = known.fold(first, |one, other| meet(one, other, &above, &place));
                if let Some(slot) = above.get_mut(node).filter(|slot| **slot != Some(found)) {
                    *slot = Some(found);
                    changed = true;
                }
            }
        }
        above.truncate(top);
        Self { immediate: above.into_iter().map(|found| found.filter(|&node| node != top)).collect(), order }
    }

    /// The node without which nothing would lead to `node`: the nearest of them.
    #[must_use]
    pub fn immediate(&self, node: usize) -> Option<usize> {
        self.immediate.get(node).copied().flatten()
    }

    /// For each node the sum of `bytes` over it and all that only it needs: what would go with it.
    #[must_use]
    pub fn retained(&self, bytes: &[u64]) -> Vec<u64> {
        let mut sums = bytes.to_vec();
        for &node in self.order.iter().rev() {
            let own = sums.get(node).copied().unwrap_or_default();
            if let Some(sum) = self.immediate(node).and_then(|above| sums.get_mut(above)) {
                *sum += own;
            }
        }
        sums
    }
}

/// The nearest node that stands above both.
fn meet(mut one: usize, mut other: usize, above: &[Option<usize>], place: &[usize]) -> usize {
    let at = |node: usize| place.get(node).copied().unwrap_or_default();
    let up = |node: usize| above.get(node).copied().flatten().unwrap_or(node);
    while one != other {
        while at(one) > at(other) {
            one = up(one);
        }
        while at(other) > at(one) {
            other = up(other);
        }
    }
    one
}

fn reverse_postorder(edges: &[Vec<usize>], roots: &[usize]) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut order = Vec::with_capacity(edges.len());
    let mut enter = |node: usize| seen.get_mut(node).is_some_and(|seen| !std::mem::replace(seen, true));
    for &root in roots.iter().rev() {
        if !enter(root) {
            continue;
        }
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            if let Some(&child) = edges.get(*node).and_then(|edges| edges.get(*next)) {
                *next += 1;
                if enter(child) {
                    stack.push((child, 0));
                }
            } else {
                order.push(*node);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_package_needs_goes_with_it() {
        // app(0) > st(1) > torch(2) > nvidia(3); app > numpy(4), torch > numpy; st > tokenizers(5); lone(6)
        let edges = vec![vec![1, 4], vec![2, 5], vec![3, 4], vec![], vec![], vec![], vec![]];
        let dominators = Dominators::new(&edges, &[0]);
        let above: Vec<_> = (0..7).map(|node| dominators.immediate(node)).collect();
        assert_eq!(above, [None, Some(0), Some(1), Some(2), Some(0), Some(1), None]);
        assert_eq!(dominators.retained(&[1, 10, 100, 1000, 10_000, 5, 7]), [11_116, 1115, 1100, 1000, 10_000, 5, 7]);
    }

    #[test]
    fn two_that_are_asked_for_share_what_both_need() {
        let edges = vec![vec![2], vec![2], vec![]];
        assert_eq!(Dominators::new(&edges, &[0, 1]).immediate(2), None);
        assert_eq!(Dominators::new(&edges, &[1]).immediate(2), Some(1));
        assert_eq!(Dominators::new(&edges, &[2, 0]).immediate(2), None);
    }

    #[test]
    fn cycles_and_numbers_beyond_the_graph_end() {
        let edges = vec![vec![1, 9], vec![2], vec![1, 0]];
        let dominators = Dominators::new(&edges, &[0, 7]);
        assert_eq!((dominators.immediate(1), dominators.immediate(2)), (Some(0), Some(1)));
        assert_eq!(dominators.retained(&[1, 1, 1]), [3, 2, 1]);
        assert_eq!(Dominators::new(&[], &[0]).retained(&[]), Vec::<u64>::new());
    }
}
