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
