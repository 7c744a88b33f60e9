// AWS's addresses keep their query after "#", which is never sent: move it into the path and the query.
(function () {
  "use strict";
  var m = /^#\/?([A-Za-z0-9\/$-]*)(?:\?(.*))?$/.exec(location.hash);
  if (!/\/(cloudformation|iam)\/home$/.test(location.pathname)) return;
  if (!m || !m[1]) {
    m = ["", /\/iam\//.test(location.pathname) ? "roles" : "stacks", ""];
  }
  var route = m[1].replace("roles$new", "roles/create").replace(/\/+$/, "");
  var query = [location.search.replace(/^\?/, ""), m[2] || ""].filter(Boolean).join("&");
  location.replace(location.pathname + "/" + route + (query ? "?" + query : ""));
})();

// A form of several steps shows one at a time, as AWS's wizards do. Without a script it is one long page.
(function () {
  "use strict";
  var form = document.querySelector("form[data-wizard]");
  if (!form) return;
  var titles = form.dataset.wizard.split(", ").map(function (t) { return t.replace(/;/g, ","); });
  var end = form.querySelector(".end");
  var submit = end.querySelector("button");
  var at = Number(form.dataset.at);
  var make = function (name, text) {
    var e = document.createElement(name);
    e.textContent = text || "";
    return e;
  };
  var nav = make("nav");
  nav.setAttribute("aria-label", "Steps");
  var frame = make("div");
  frame.className = "wizard";
  form.before(frame);
  frame.append(nav, form);
  var button = function (text, by) {
    var b = make("button", text);
    b.type = "button";
    b.className = by < 0 ? "quiet" : "";
    b.addEventListener("click", function () {
      at += by;
      show();
      window.scrollTo(0, 0);
    });
    submit.before(b, " ");
    return b;
  };
  var back = button("Previous", -1);
  var next = button("Next", 1);
  var has = function (n) { return form.querySelector('[data-step="' + n + '"]') !== null; };
  var review = function () {
    form.querySelectorAll("[data-review]").forEach(function (list) {
      list.textContent = "";
      form.querySelectorAll("input[type=text], select").forEach(function (field) {
        var box = make("div");
        box.append(make("dt", field.closest("label").firstChild.textContent.trim()), make("dd", field.value || "-"));
        list.append(box);
      });
    });
  };
  function show() {
    form.querySelectorAll("[data-step]").forEach(function (part) { part.hidden = Number(part.dataset.step) !== at; });
    var list = make("ol");
    titles.forEach(function (title, i) {
      var item = make("li");
      item.append(make("small", "Step " + (i + 1)), title);
      if (i + 1 === at) item.setAttribute("aria-current", "step");
      list.append(item);
    });
    nav.replaceChildren(list);
    back.hidden = !has(at - 1);
    next.hidden = !has(at + 1);
    submit.hidden = has(at + 1);
    review();
  }
  show();
})();
