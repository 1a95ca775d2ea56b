// What a browser and the theme would do for a whole page at once is done a little at a time, so that
// a phone can be used meanwhile.

// The blocks below a new page's first section wait, says the stylesheet. Here they are laid out, in
// steps of a few milliseconds; then pictures come, and boxes that scroll sideways can be reached by keyboard.
addEventListener("load", () => {
  const blocks = document.querySelectorAll("[data-late] article > section > section ~ section > *");
  const boxes = "article :is(pre, .output, .pst-scrollable-table-container)";
  let next = 0;
  function lay() {
    for (const end = performance.now() + 6; next < blocks.length && performance.now() < end; next++) {
      blocks[next].style.contentVisibility = "visible";
      blocks[next].getBoundingClientRect(); // lays it out
    }
    if (next < blocks.length) return setTimeout(lay);
    for (const picture of document.images) picture.loading = "eager";
    const wide = [...document.querySelectorAll(boxes)].filter((box) => box.scrollWidth > box.clientWidth);
    for (const box of wide) box.tabIndex = 0;
  }
  lay();
});

// A button that unfolds a solution is named by its words and those of its box.
addEventListener("load", () => {
  for (const button of document.querySelectorAll(".toggle-button")) {
    button.parentElement.id ||= `${button.id}-title`;
    button.removeAttribute("aria-label");
    button.setAttribute("aria-labelledby", `${button.id} ${button.parentElement.id}`);
  }
});

// What a search has found is said as well as shown.
addEventListener("load", () => {
  const found = document.querySelector(".search-summary");
  if (!found) return;
  const {innerText} = found;
  found.role = "status"; // which is heard when it changes
  found.innerText = "";
  setTimeout(() => (found.innerText ||= innerText), 100);
});

// Paper is white.
{
  const {dataset} = document.documentElement;
  addEventListener("beforeprint", () => ([dataset.screen, dataset.theme] = [dataset.theme, "light"]));
  addEventListener("afterprint", () => (dataset.theme = dataset.screen));
}

// On a phone the list of contents closes when a reader has chosen.
addEventListener("click", ({target}) => {
  target.closest("dialog a[href^='#']")?.closest("dialog").close();
});

// The contents beside the text follow the reader.
addEventListener("scroll", () => new bootstrap.ScrollSpy(document.body), {once: true});
