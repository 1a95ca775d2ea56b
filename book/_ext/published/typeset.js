// Typeset formulas by MathJax, in Node: `node typeset.js MATHJAX < formulas.json`.
// In: a list of [TeX, is it displayed]. Out: for each its markup or its fault, and one stylesheet.

const REL = 3, BIN = 2, OPEN = 4, CLOSE = 5; // TeX's classes of atoms
const PHONE = 17; // widths above this, in em, do not fit a phone: their boxes scroll
const folder = process.argv[2];

// A line may break after a relation or a binary operator that stands in no parentheses: what is
// between two such places becomes a piece, and the space behind it stays on its line.
function breakLines(adaptor, root, container) {
  const math = adaptor.firstChild(container);
  const boxes = [...adaptor.childNodes(math)], nodes = root.childNodes[0].childNodes;
  if (boxes.length !== nodes.length) return;
  const pieces = [[]];
  let depth = 0;
  nodes.forEach((node, i) => {
    pieces.at(-1).push(boxes[i]);
    depth += (node.texClass === OPEN) - (node.texClass === CLOSE);
    const breaks = node.texClass === REL || node.texClass === BIN;
    if (breaks && depth === 0 && i + 1 < nodes.length) pieces.push([]);
  });
  if (pieces.length === 1) return;
  adaptor.setAttribute(container, "breaks", "");
  adaptor.append(math, adaptor.node("mjx-piece", {}, pieces[0]));
  pieces.slice(1).forEach((piece) => {
    const space = adaptor.getAttribute(piece[0], "space");
    if (space) {
      adaptor.setAttribute(adaptor.lastChild(math), "gap", space);
      adaptor.removeAttribute(piece[0], "space");
    }
    adaptor.append(math, adaptor.node("mjx-piece", {}, piece));
  });
}

function typeset({startup}, tex, display) {
  const {adaptor, document, toMML} = startup;
  const item = new document.options.MathItem(tex, document.inputJax[0], display);
  item.start.node = adaptor.body(document.document);
  item.setMetrics(16, 8, 1280, 1e6, 1);
  item.convert(document);
  const container = item.typesetRoot;
  if (!display) breakLines(adaptor, item.root, container);
  const {w} = document.outputJax.getBBox(item, document);
  if (display && w > PHONE) adaptor.setAttribute(container, "tabindex", "0"); // to scroll by keys
  const html = adaptor.outerHTML(container);
  if (/<mjx-(merror|utext)/.test(html)) throw new Error("a character that MathJax's fonts lack");
  const mathml = toMML(item.root).replace(/\n\s*/g, "").replace(/ (data-[\w-]+|xmlns)="[^"]*"/g, "");
  return html
    .replace("<mjx-math", '<mjx-math aria-hidden="true"')
    .replace("</mjx-container>", `<mjx-assistive-mml>${mathml}</mjx-assistive-mml></mjx-container>`);
}

require(folder + "/node-main.js").init({
  loader: {load: ["input/tex-full", "output/chtml", "adaptors/liteDOM"], paths: {mathjax: folder}},
  tex: {packages: ["base", "ams", "newcommand", "boldsymbol"]},
  chtml: {fontURL: folder + "/output/chtml/fonts/woff-v2"},
}).then((MathJax) => {
  const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
  const results = formulas.map(([tex, display]) => {
    try {
      return {html: typeset(MathJax, tex, display)};
    } catch (fault) {
      return {fault: fault.message};
    }
  });
  const {adaptor} = MathJax.startup;
  process.stdout.write(JSON.stringify({results, css: adaptor.textContent(MathJax.chtmlStylesheet())}));
});
