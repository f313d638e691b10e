/** Causes that are shown before one asks for more. */
const FIRST_CAUSES = 8;

function drawCauses(showRule) {
  const causes = report.causes.filter((cause) => cause.bytes > 0 || cause.at_least);
  const list = byId("cause-list");
  if (causes.length === 0) {
    list.append(element("p", { class: "empty" }, "Nothing is known that could go."));
    return;
  }
  const most = Math.max(1, causes[0].bytes);
  const entries = causes.map((cause) => element("li", {}, causeEntry(cause, most, showRule)));
  entries.slice(FIRST_CAUSES).forEach((entry) => (entry.hidden = true));
  list.append(element("ol", {}, entries));
  const more = entries.length - FIRST_CAUSES;
  if (more > 0) {
    const button = element("button", { type: "button", class: "more" }, `Show ${more} more`);
    button.addEventListener("click", () => {
      entries.forEach((entry) => (entry.hidden = false));
      entries[FIRST_CAUSES].querySelector("summary").focus();
      button.remove();
    });
    list.append(button);
  }
}

function causeEntry(cause, most, showRule) {
  const [only] = cause.places;
  const where = cause.places.length === 1 ? only.name : counted(cause.places.length, "place");
  const summary = element(
    "summary",
    {},
    element("span", { class: "bytes" }, cause.bytes > 0 ? aboutShort(cause.bytes, !cause.at_least) : "?"),
    element("span", { class: "rule" }, cause.rule),
    element("span", { class: "where" }, `${counted(cause.count, "service")} · ${where} · ${cause.fix}`),
    element(
      "span",
      { class: "bar", "aria-hidden": "true" },
      element("span", { class: "gone", style: { width: `${(100 * cause.bytes) / most}%` } }),
    ),
  );
  const details = element("details", {}, summary);
  // What nobody opens is never drawn.
  const fill = () => {
    if (details.childElementCount > 1) return;
    const button = element("button", { type: "button" }, "Show only these services");
    button.addEventListener("click", () => showRule(cause.rule));
    details.append(
      element("p", {}, prose(report.rules[cause.rule].summary), "."),
      element("ul", { class: "places" }, cause.places.map(placeEntry)),
      element("p", { class: "actions" }, button, element("code", {}, `slimlint explain ${cause.rule}`)),
    );
  };
  details.addEventListener("toggle", fill);
  for (const event of ["pointerenter", "focusin"]) details.addEventListener(event, () => lightUp(cause.services));
  for (const event of ["pointerleave", "focusout"]) details.addEventListener(event, () => lightUp(null));
  details.fill = fill;
  return details;
}

function placeEntry(place) {
  const services = place.services.map((number) => report.services[number]);
  const bytes = element("span", { class: "bytes" }, place.bytes > 0 ? about(place.bytes, !place.at_least) : place.at_least ? "not measured" : "counted elsewhere");
  // A Dockerfile of one service is that service.
  if (place.kind === "dockerfile" && services.length === 1 && place.count === 1) {
    return element("li", {}, bytes, element("a", { href: pageOf(services[0]) }, services[0].name));
  }
  const links = services.map((service) => element("li", {}, element("a", { href: pageOf(service) }, service.name)));
  const missing = place.count - services.length;
  if (missing > 0) links.push(element("li", {}, `${counted(missing, "service")} not in this report`));
  return element(
    "li",
    {},
    bytes,
    element("code", {}, place.name),
    element("ul", { class: "links" }, links),
  );
}
