import { createBrowserRouter } from "react-router";
import { Shell } from "./shell/shell";

// The whole map. Pages come in when they are opened.
export const router = createBrowserRouter([
  {
    element: <Shell />,
    hydrateFallbackElement: <p>Loading bursar…</p>,
    children: [
      { path: "/", lazy: () => import("./page/home/home") },
      { path: "/accounts", lazy: () => import("./page/account/list") },
      { path: "/accounts/register", lazy: () => import("./page/register/register") },
      { path: "/accounts/:account", lazy: () => import("./page/account/account") },
      { path: "/accounts/:account/register", lazy: () => import("./page/register/register") },
      { path: "/costs", lazy: () => import("./page/cost/cost") },
      { path: "/costs/items", lazy: () => import("./page/cost/items") },
      { path: "/deliveries", lazy: () => import("./page/delivery/list") },
      { path: "/deliveries/:delivery", lazy: () => import("./page/delivery/delivery") },
      { path: "/runs", lazy: () => import("./page/run/list") },
      { path: "/runs/:run", lazy: () => import("./page/run/run") },
      { path: "/sql", lazy: () => import("./page/sql/sql") },
      { path: "/credentials", lazy: () => import("./page/credential/list") },
      { path: "/credentials/:credential", lazy: () => import("./page/credential/credential") },
      { path: "/sources", lazy: () => import("./page/source/list") },
      { path: "/sources/:source", lazy: () => import("./page/source/source") },
      { path: "/requests", lazy: () => import("./page/source/requests") },
      { path: "/destinations", lazy: () => import("./page/destination/list") },
      { path: "/destinations/:destination", lazy: () => import("./page/destination/destination") },
      { path: "/keys", lazy: () => import("./page/key/list") },
      { path: "/people", lazy: () => import("./page/person/list") },
      { path: "/audit", lazy: () => import("./page/audit/list") },
      { path: "/reference", lazy: () => import("./page/reference/reference") },
      { path: "/workspaces", lazy: () => import("./page/workspace/list") },
      { path: "/profile", lazy: () => import("./page/profile/profile") },
      { path: "/about", lazy: () => import("./page/about/about") },
      { path: "*", lazy: () => import("./page/missing/missing") },
    ],
  },
]);
