// Points out everywhere on the page what belongs to the cause that is looked at. The page is complete without it.
(function () {
  "use strict";
  var root = document.documentElement;
  var current = null;

  function show(rank) {
    if (rank === current) return;
    document.querySelectorAll(".lit, .speaks-for, .speaks-against").forEach(function (e) {
      e.classList.remove("lit", "speaks-for", "speaks-against");
    });
    current = rank;
    root.classList.toggle("lighting", rank !== null);
    if (rank === null) return;
    mark("data-on", "lit");
    mark("data-for", "speaks-for");
    mark("data-against", "speaks-against");
  }

  function mark(attribute, name) {
    document.querySelectorAll("[" + attribute + '~="' + current + '"]').forEach(function (e) {
      e.classList.add(name);
    });
  }

  function rank(target) {
    var at = target instanceof Element ? target.closest("[data-cause]") : null;
    return at ? at.getAttribute("data-cause") : null;
  }

  // What has the focus stays lit while the pointer is elsewhere.
  function focused() {
    return rank(document.activeElement);
  }

  document.addEventListener("mouseover", function (event) {
    show(rank(event.target) || focused());
  });
  document.addEventListener("mouseleave", function () {
    show(focused());
  });
  document.addEventListener("focusin", function (event) {
    show(rank(event.target));
  });
  document.addEventListener("focusout", function (event) {
    if (!event.relatedTarget) show(null);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") show(null);
  });

  // A link to something folded away opens it; what matters on paper is printed open.
  function open() {
    var at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!at) return;
    var folded = at.matches("article") ? at.querySelector("details") : null;
    if (folded && !folded.contains(document.activeElement)) folded.open = true;
    for (var e = at; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    at.scrollIntoView();
  }
  window.addEventListener("hashchange", open);
  if (location.hash.length > 1) open();
  var opened = [];
  window.addEventListener("beforeprint", function () {
    show(null);
    opened = Array.prototype.slice.call(document.querySelectorAll("details.paper:not([open])"));
    opened.forEach(function (e) { e.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (e) { e.open = false; });
  });
})();
