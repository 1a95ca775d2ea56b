// What a browser and the theme would do for a whole page at once is done a little at a time, so that
// a phone can be used meanwhile.

// The blocks below a new page's first section wait, says the stylesheet. Here they are laid out, some
// with each frame that the browser draws. Then the pictures come, and the theme looks which boxes
// scroll sideways, that the keyboard may reach them.
addEventListener("load", () => {
  const page = document.documentElement;
  const late = "[data-late] article > section > section ~ section > *";
  const blocks = [...document.querySelectorAll(late)];
  function draw() {
    for (let elements = 0; elements < 500 && blocks.length; ) {
      const block = blocks.shift();
      block.style.contentVisibility = "visible";
      elements += block.getElementsByTagName("*").length;
    }
    if (blocks.length) return requestAnimationFrame(draw);
    delete page.dataset.late;
    for (const picture of document.images) picture.loading = "eager";
    dispatchEvent(new Event("resize"));
  }
  draw();
});

// The contents beside the text follow the reader.
addEventListener("scroll", () => new bootstrap.ScrollSpy(document.body), {once: true});
