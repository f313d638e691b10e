//! What brings what.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::python::PackageName;

/// Chains are looked for in no more steps than this, so that a dense graph costs no more than it tells.
const STEP_LIMIT: usize = 20_000;

/// The part of a package that needs another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The package itself.
    Own,
    /// One of its extras.
    Extra(PackageName),
    /// A dependency group of a local package.
    Group(String),
}

/// One edge between two nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Who needs.
    pub from: usize,
    /// Which part of it.
    pub part: Part,
    /// What is needed.
    pub to: usize,
    /// The extras that are asked of it.
    pub extras: Vec<PackageName>,
}

/// A node that is asked for from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Which of the things asked for it is.
    pub asked: usize,
    /// The node.
    pub node: usize,
    /// The parts of it that are asked for.
    pub parts: Vec<Part>,
}

/// Nodes by number, with what is asked for and what brings what.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    starts: Vec<Start>,
    links: Vec<Link>,
    /// Places of the links that lead to a node, by node.
    incoming: Vec<Vec<usize>>,
    /// Places of the links that leave a node, by node.
    outgoing: Vec<Vec<usize>>,
}

impl Graph {
    /// Makes room for one node more and gives its number.
    pub(crate) fn add_node(&mut self) -> usize {
        self.incoming.push(Vec::new());
        self.outgoing.push(Vec::new());
        self.incoming.len() - 1
    }

    pub(crate) fn add_start(&mut self, start: Start) {
        self.starts.push(start);
    }

    pub(crate) fn add_link(&mut self, link: Link) {
        let place = self.links.len();
        if let Some(incoming) = self.incoming.get_mut(link.to) {
            incoming.push(place);
        }
        if let Some(outgoing) = self.outgoing.get_mut(link.from) {
            outgoing.push(place);
        }
        self.links.push(link);
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.incoming.len()
    }

    /// What is asked for.
    #[must_use]
    pub fn starts(&self) -> &[Start] {
        &self.starts
    }

    /// The links that lead to `node`.
    pub fn incoming(&self, node: usize) -> impl Iterator<Item = &Link> {
        self.incoming.get(node).into_iter().flatten().filter_map(|&place| self.links.get(place))
    }

    /// The links that leave `node`.
    pub fn outgoing(&self, node: usize) -> impl Iterator<Item = &Link> {
        self.outgoing.get(node).into_iter().flatten().filter_map(|&place| self.links.get(place))
    }

    /// What is asked for at `node`.
    pub fn starts_at(&self, node: usize) -> impl Iterator<Item = &Start> {
        self.starts.iter().filter(move |start| start.node == node)
    }

    /// The nodes from something that is asked for down to `node`, both included, each with the part of it that leads on (`None` for the
    /// last); the shortest chains first, no more than `limit`. An extra is there only for those that ask for it, so a node may stand in
    /// a chain for itself and for its extra, but no part of it twice.
    #[must_use]
    pub fn chains(&self, node: usize, limit: usize) -> Vec<Vec<(usize, Option<Part>)>> {
        let mut found: Vec<Vec<(usize, Option<Part>)>> = Vec::new();
        let mut queue: VecDeque<Vec<(usize, Option<&Part>)>> = VecDeque::from([vec![(node, None)]]);
        let mut steps = 0;
        while let Some(chain) = queue.pop_front() {
            steps += 1;
            let Some(&(top, part)) = chain.last().filter(|_| found.len() < limit && steps < STEP_LIMIT) else { break };
            if self.starts_at(top).any(|start| part.is_none_or(|part| start.parts.contains(part))) {
                found.push(chain.iter().rev().map(|&(node, part)| (node, part.cloned())).collect());
            }
            let asks = |link: &&Link| match part {
                None | Some(Part::Own) => true,
                Some(Part::Extra(extra)) => link.extras.contains(extra),
                Some(Part::Group(_)) => false,
            };
            let mut parents: Vec<(usize, &Part)> =
                self.incoming(top).filter(asks).map(|link| (link.from, &link.part)).collect();
            parents.sort_unstable();
            parents.dedup();
            if queue.len() < STEP_LIMIT {
                let above = parents.into_iter().filter(|&(parent, part)| !chain.contains(&(parent, Some(part))));
                let longer = above.map(|(parent, part)| chain.iter().copied().chain([(parent, Some(part))]).collect());
                queue.extend(longer);
            }
        }
        found
    }

    /// The link by which `from` brings `to`, through the package itself where there are several.
    #[must_use]
    pub fn link(&self, from: usize, to: usize) -> Option<&Link> {
        self.outgoing(from).filter(|link| link.to == to).min_by(|one, other| one.part.cmp(&other.part))
    }

    /// The nodes that are still brought when the starts and links that `is_cut` names are left out. Extras that only those asked for
    /// are left out as well.
    #[must_use]
    pub fn kept(&self, is_cut_start: impl Fn(&Start) -> bool, is_cut: impl Fn(&Link) -> bool) -> Vec<bool> {
        let mut kept = vec![false; self.nodes()];
        let mut seen: FxHashSet<(usize, &Part)> = FxHashSet::default();
        let mut queue: VecDeque<(usize, &Part)> = VecDeque::new();
        let mut mark = |node: usize| {
            if let Some(kept) = kept.get_mut(node) {
                *kept = true;
            }
        };
        for start in self.starts.iter().filter(|start| !is_cut_start(start)) {
            mark(start.node);
            queue.extend(start.parts.iter().map(|part| (start.node, part)));
        }
        let mut asked: FxHashSet<(usize, &PackageName)> = FxHashSet::default();
        while let Some((node, part)) = queue.pop_front() {
            if !seen.insert((node, part)) {
                continue;
            }
            if let Part::Extra(extra) = part {
                asked.insert((node, extra));
            }
            for link in self.outgoing(node).filter(|link| link.part == *part && !is_cut(link)) {
                mark(link.to);
                queue.push_back((link.to, &Part::Own));
                for extra in &link.extras {
                    if asked.insert((link.to, extra)) {
                        // The parts of a node are those that its links leave by.
                        let parts = self.outgoing(link.to).map(|link| &link.part);
                        let part = parts.into_iter().find(|part| matches!(part, Part::Extra(name) if name == extra));
                        queue.extend(part.map(|part| (link.to, part)));
                    }
                }
            }
        }
        kept
    }

    /// The nodes that go when the nodes that `is_cut` names are not installed, these included.
    #[must_use]
    pub fn lost_without(&self, is_cut: impl Fn(usize) -> bool) -> Vec<usize> {
        let kept = self.kept(|start| is_cut(start.node), |link| is_cut(link.to));
        kept.iter().enumerate().filter(|(_, kept)| !**kept).map(|(node, _)| node).collect()
    }
}
