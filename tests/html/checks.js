// Drives the report as a person does; what does not hold is told in an element of its own.
(async () => {
  const failures = [];
  let number = 0;
  const check = (claim, holds) => {
    number += 1;
    if (!holds) failures.push(claim);
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const settled = () => new Promise((resolve) => setTimeout(resolve, 100));
  const go = async (fragment) => {
    location.hash = fragment;
    await settled();
  };
  const rows = () => all("#table tbody tr:not([hidden])");
  const names = () => rows().map((row) => row.querySelector("th a").textContent);
  const set = async (selector, value) => {
    one(selector).value = value;
    one(selector).dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
  };
  const press = async (key) => {
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await settled();
  };

  try {
    await settled();
    check("the report is drawn and the plain table gone", !one("#report").hidden && !one("#plain"));
    check("all services are in the table", rows().length === EXPECTED.services);
    check("sums are in the header", one("#headline").textContent.includes(" could go") && all("#figures > div").length === 5);
    check("only services of known size have a box", all("#tiles a.box").length === EXPECTED.known);
    check("the others are listed", one("#undrawn").textContent.includes("registry/own") && one("#undrawn").textContent.includes("not drawn"));
    check("parts have stripes where something could go", all("#tiles .part-python .gone").length > 0);

    const head = (key) => one(`#table th[data-key="${key}"]`);
    check("the first order is told", head("reclaimable").getAttribute("aria-sort") === "descending");
    head("name").querySelector("button").click();
    const ascending = names();
    check("names sort from the first", head("name").getAttribute("aria-sort") === "ascending");
    check("names are sorted", ascending.join() === [...ascending].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).join());
    head("name").querySelector("button").click();
    check("a second click turns it round", names().join() === ascending.reverse().join() && head("name").getAttribute("aria-sort") === "descending");
    head("image").querySelector("button").click();
    check("only one column is sorted", all("#table th[aria-sort]").length === 1);
    check("what is unknown comes last", names().at(-1) === "registry/own");
    head("image").querySelector("button").click();
    check("in both directions", names().at(-1) === "registry/own");

    await set("#filter-text", "SHARED /a/");
    check("text filters the table", names().join() === "shared/a");
    check("the map follows", all("#tiles a.box").length === 1);
    check("the count is told", one("#filter-count").textContent.startsWith("1 of "));
    await set("#filter-text", "");
    await set("#filter-rule", "cuda-torch-on-cpu");
    check("a rule filters", names().sort().join() === "shared/a,shared/b");
    await set("#filter-rule", "");
    await set("#filter-minimum", "1000000000");
    check("a minimum filters", names().sort().join() === "shared/a,shared/b");
    one("#filter button").click();
    await settled();
    check("everything comes back", rows().length === EXPECTED.services);

    const cause = one("#cause-list details");
    cause.open = true;
    await settled();
    check("a cause opens to one place with its services", cause.querySelectorAll(".places > li").length === 1 && cause.querySelectorAll(".links a").length === 2);

    const first = one("#tiles a[tabindex='0']");
    check("the map is one stop of the tab key", all("#tiles a[tabindex='0']").length === 1);
    first.focus();
    await press("ArrowRight");
    check("arrow keys move on", document.activeElement !== first && document.activeElement.matches("#tiles a[tabindex='0']"));
    first.focus();
    first.click();
    await settled();
    check("a box zooms in", location.hash.startsWith("#zoom-") && all("#tiles .alone").length > 1 && all("#tiles .box").length === 0);
    check("the focus goes along", document.activeElement.matches("#tiles a"));
    await press("Escape");
    check("Escape zooms out to where one was", all("#tiles a.box").length === EXPECTED.known && document.activeElement.href.endsWith(first.getAttribute("href")));
    await go("#zoom-shared-b");
    check("a zoom has an address", one("#crumbs [aria-current]").textContent === "shared/b");

    await go("#service-shared-a");
    check("a service has a page", one("#overview").hidden && one("#page h1").textContent === "shared/a");
    check("the focus is on its heading", document.activeElement === one("#page h1"));
    check("the title names it", document.title.startsWith("shared/a: "));
    const amounts = all("#page .finding .amount").map((amount) => amount.textContent);
    check("findings are in order of bytes", amounts[0].includes("GB"));
    check("notes are told", one("#page .notes").textContent.includes("chain"));
    check("the patch marks lines", all("#page .patch ins").some((line) => line.textContent.startsWith("+")) && all("#page .patch del").some((line) => line.textContent.startsWith("-")));
    check("nothing of the overview is left in the page", all("#page table tbody tr").length > 1);
    history.back();
    await settled();
    check("the back button goes back", !one("#overview").hidden && location.hash === "#zoom-shared-b" && all("#tiles .alone").length > 0);
    await go("#service-registry-own");
    check("what is unknown is said", one("#page").textContent.includes("unknown"));
    await go("#no-such-service");
    check("an unknown address is the overview", !one("#overview").hidden);

    await set("#theme", "dark");
    check("the theme switches", document.documentElement.style.colorScheme === "dark");
    check("and is kept nowhere", localStorage.length === 0 && document.cookie === "");

    dispatchEvent(new Event("beforeprint"));
    check("all is open in print", all("#overview details:not([open])").length === 0);
    dispatchEvent(new Event("afterprint"));
    check("names of files are text", one("#hostile") === null && window.hostile === undefined);
    check("no policy was broken", BROKEN.length === 0);
    check("every control has a name", all("#report :is(select, input)").every((control) => control.labels.length > 0));
    const ids = all("[id]").map((node) => node.id);
    check("ids are unique", new Set(ids).size === ids.length);
    check("nothing overflows the page", document.documentElement.scrollWidth <= innerWidth);
  } catch (error) {
    failures.push(`the checks go on: ${error.stack}`);
  }
  const result = document.createElement("pre");
  result.id = "checks";
  result.textContent = failures.length === 0 ? `all ${number} hold` : `FAILED: ${failures.join("; ")}`;
  document.body.append(result);
})();
