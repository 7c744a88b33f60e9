import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { session } from "../api/session";
import { Invitation } from "../page/signin/invitation";
import { SignIn } from "../page/signin/signin";
import { HelpContext, type Help } from "./help";
import { applyLook, look } from "./look";

const places = [
  { type: "link", text: "Home", href: "/" },
  { type: "link", text: "Accounts", href: "/accounts" },
  { type: "link", text: "Costs", href: "/costs" },
  { type: "link", text: "SQL", href: "/sql" },
  { type: "link", text: "Deliveries", href: "/deliveries" },
  { type: "link", text: "Runs", href: "/runs" },
  { type: "divider" },
  { type: "link", text: "People", href: "/people" },
  { type: "link", text: "API keys", href: "/keys" },
  { type: "link", text: "Audit log", href: "/audit" },
  { type: "link", text: "API reference", href: "/reference" },
  { type: "link", text: "About", href: "/about" },
] as const;

export function Shell() {
  const caller = useSyncExternalStore(session.subscribe, session.caller);
  const { pathname } = useLocation();
  useEffect(() => void session.ask(), []);
  const inside = caller.kind === "key" || caller.kind === "person";
  const [shown, setShown] = useState(look());
  return (
    <>
      <header id="top">
        <TopNavigation
          identity={{ href: "/", title: "bursar" }}
          utilities={[
            {
              type: "menu-dropdown",
              iconName: "settings",
              ariaLabel: "Look",
              title: "Look",
              items: [
                { id: "mode", text: shown.mode === "dark" ? "Light" : "Dark" },
                { id: "density", text: shown.density === "compact" ? "Comfortable" : "Compact" },
              ],
              onItemClick: ({ detail }) =>
                setShown(
                  applyLook(
                    detail.id === "mode"
                      ? { mode: shown.mode === "dark" ? "light" : "dark" }
                      : { density: shown.density === "compact" ? "comfortable" : "compact" },
                  ),
                ),
            },
            ...(inside ? [{ type: "button" as const, text: "Sign out", onClick: () => void session.end() }] : []),
          ]}
        />
      </header>
      {pathname === "/invitation" ? <Invitation /> : inside ? <Inside /> : caller.kind !== "nobody" ? null : pathname === "/reference" ? <Outside /> : <SignIn />}
    </>
  );
}

function Inside() {
  const go = useNavigate();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(window.innerWidth > 900);
  const [help, setHelp] = useState<Help | null>(null);
  const [helpOpen, setHelpOpen] = useState(false);
  const follow = (e: CustomEvent<{ href?: string; external?: boolean }>) => {
    if (e.detail.external || !e.detail.href) return;
    e.preventDefault();
    void go(e.detail.href);
  };
  const active = places.find((p) => "href" in p && p.href !== "/" && pathname.startsWith(p.href));
  return (
    <HelpContext.Provider value={{ show: setHelp, open: () => setHelpOpen(true) }}>
      <AppLayout
        headerSelector="#top"
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          <SideNavigation
            header={{ text: "bursar", href: "/" }}
            items={[...places]}
            activeHref={active && "href" in active ? active.href : "/"}
            onFollow={follow}
          />
        }
        breadcrumbs={<BreadcrumbGroup ariaLabel="Where you are" items={crumbs(pathname)} onFollow={follow} />}
        tools={help?.panel}
        toolsHide={!help}
        toolsOpen={helpOpen && !!help}
        onToolsChange={({ detail }) => setHelpOpen(detail.open)}
        ariaLabels={{ navigation: "Pages", navigationToggle: "Open pages", navigationClose: "Close pages", tools: "Help", toolsToggle: "Open help", toolsClose: "Close help" }}
        content={<Outlet />}
      />
    </HelpContext.Provider>
  );
}

// Outside is for pages that anybody may read.
function Outside() {
  return <AppLayout headerSelector="#top" navigationHide toolsHide content={<Outlet />} />;
}

const names: Record<string, string> = { reference: "API reference", accounts: "Accounts", costs: "Costs", items: "Line items", sql: "SQL", people: "People", keys: "API keys", audit: "Audit log", deliveries: "Deliveries", runs: "Runs", about: "About", register: "Register" };

function crumbs(path: string) {
  const items = [{ text: "bursar", href: "/" }];
  let href = "";
  for (const part of path.split("/").filter(Boolean)) {
    href += "/" + part;
    items.push({ text: names[part] ?? decodeURIComponent(part), href });
  }
  return items;
}
