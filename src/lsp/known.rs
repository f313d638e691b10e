//! Findings that a baseline knows: they are neither told nor fixed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{PathSettings, Settings, SettingsFor as _};
use crate::lint::Report;
use crate::lint::baseline::{Baseline, Baselines};
use crate::workspace::Workspace;

/// The baselines that configurations name.
#[derive(Debug, Default)]
pub(super) struct Known {
    baselines: Baselines,
    /// By path, the place among them; nothing for one that cannot be used.
    places: BTreeMap<String, Option<usize>>,
}

impl Known {
    /// Reads the baselines that `settings` name and that were not read before. Those outside of the root are left alone.
    pub fn read<'s>(&mut self, workspace: &Workspace, settings: impl IntoIterator<Item = &'s Arc<Settings>>) {
        let files = settings.into_iter().filter_map(|settings| settings.baseline.as_ref()?.below(workspace.root()));
        for file in files {
            if self.places.contains_key(&file) {
                continue;
            }
            let place = Baseline::read(workspace.root(), &file).ok().map(|baseline| {
                self.baselines.all.push(baseline);
                self.baselines.all.len() - 1
            });
            self.places.insert(file, place);
        }
    }

    /// Takes out of `report` what the baselines know.
    pub fn hide(&self, workspace: &Workspace, report: &mut Report, settings: &PathSettings) {
        if self.baselines.all.is_empty() {
            return;
        }
        let of = |path: &str| {
            let file = settings.settings_for(path).baseline.as_ref()?.below(workspace.root())?;
            self.places.get(&file).copied().flatten()
        };
        self.baselines.hide(workspace, report, settings, of, None);
    }
}
