//! Models that a build downloads into the image.

use crate::facts::python::BakedModel;
use crate::facts::{Facts, Run, StageFacts};
use crate::rules::phrase::listed_up_to;
use crate::rules::{Check, Reporter};

pub(in crate::rules) const CHECK: Check = Check::Run(check);

/// Names that a sentence lists before it counts.
const LISTED: usize = 3;

fn check(facts: &Facts<'_>, stage: &StageFacts, run: &Run, reporter: &mut Reporter<'_>) {
    if !facts.stage_is_for_use(stage.index) {
        return;
    }
    let models = facts.baked_models(stage, run);
    let Some(first) = models.first() else { return };
    let Some(invocation) = run.invocations.get(first.invocation) else { return };
    let name = |model: &BakedModel| match model.publisher {
        Some(publisher) => format!("{publisher}'s `{}`", model.name),
        None => format!("`{}`", model.name),
    };
    let names: Vec<String> = models.iter().map(name).collect();
    let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let message = format!("{} {verb} downloaded into the image", listed_up_to(&names, LISTED));
    let mut finding = reporter.report(invocation.range, message);
    if let Some(place) = &first.place {
        finding.primary_label(format!("writes `{}`", facts.shown_folder(run, invocation, place)));
    }
    finding.script_of(invocation);
    finding.help(format!(
        "have containers read {them} from a volume or a mount, unless they have to start without a network"
    ));
}
