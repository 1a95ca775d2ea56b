// What the theme does for a whole page when it has loaded, done here for what a reader comes to:
// a browser need not lay out what has not been seen.

// The contents beside the text follow the reader.
addEventListener("scroll", () => new bootstrap.ScrollSpy(document.body), {once: true});

// Boxes that scroll sideways can be reached by keyboard.
document.addEventListener("DOMContentLoaded", () => {
  const measure = ({isIntersecting, target: box}) => {
    if (isIntersecting) box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  };
  const seen = new IntersectionObserver((boxes) => boxes.forEach(measure));
  document.querySelectorAll("article :is(pre, .output, .pst-scrollable-table-container)").forEach((box) => seen.observe(box));
});
