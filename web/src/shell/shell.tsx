import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useQueryClient } from "@tanstack/react-query";
import { memo, useEffect, useState, useSyncExternalStore } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { useChanges } from "../api/changes";
import { useMay } from "../api/me";
import { session } from "../api/session";
import { Invitation } from "../page/signin/invitation";
import { SignIn } from "../page/signin/signin";
import { HelpContext, type Help } from "./help";
import { useLook, usePlaces } from "./utilities";

// The pages, each with the permission without which it has nothing to show.
const places: { text: string; href: string; needs?: string }[] = [
  { text: "Home", href: "/" },
  { text: "Accounts", href: "/accounts", needs: "accounts:read" },
  { text: "Costs", href: "/costs", needs: "bills:read" },
  { text: "SQL", href: "/sql", needs: "bills:read" },
  { text: "Deliveries", href: "/deliveries", needs: "bills:read" },
  { text: "Runs", href: "/runs", needs: "runs:read" },
  { text: "Credentials", href: "/credentials", needs: "credentials:read" },
  { text: "Sources", href: "/sources", needs: "bills:read" },
  { text: "Paid requests", href: "/requests", needs: "bills:read" },
  { text: "Destinations", href: "/destinations", needs: "destinations:read" },
];

const offices: typeof places = [
  { text: "People", href: "/people", needs: "users:read" },
  { text: "API keys", href: "/keys", needs: "keys:manage" },
  { text: "Workspaces", href: "/workspaces" },
  { text: "Audit log", href: "/audit", needs: "audit:read" },
  { text: "API reference", href: "/reference" },
  { text: "About", href: "/about" },
];

export function Shell() {
  const caller = useSyncExternalStore(session.subscribe, session.caller);
  const queries = useQueryClient();
  const { pathname } = useLocation();
  useEffect(() => void session.ask(), []);
  const inside = caller.kind === "key" || caller.kind === "person";
  useEffect(() => {
    if (!inside) queries.clear(); // whoever comes next sees nothing of what was seen before
  }, [inside, queries]);
  return (
    <>
      <header id="top">{inside ? <Top /> : <TopBefore />}</header>
      {pathname === "/invitation" ? <Invitation /> : inside ? <Inside pathname={pathname} /> : caller.kind !== "nobody" ? null : pathname === "/reference" ? <Outside /> : <SignIn />}
    </>
  );
}

function TopBefore() {
  return <TopNavigation identity={{ href: "/", title: "bursar" }} utilities={[useLook()]} />;
}

function Top() {
  return <TopNavigation identity={{ href: "/", title: "bursar" }} utilities={[...usePlaces(), useLook()]} />;
}

// Inside is drawn anew when another page is opened, not when a page changes what it asks for.
const Inside = memo(function Inside({ pathname }: { pathname: string }) {
  const go = useNavigate();
  const may = useMay();
  useChanges();
  const links = (list: typeof places) => list.filter((p) => !p.needs || may(p.needs)).map((p) => ({ type: "link" as const, text: p.text, href: p.href }));
  const [open, setOpen] = useState(window.innerWidth > 900);
  const [help, setHelp] = useState<Help | null>(null);
  const [helpOpen, setHelpOpen] = useState(false);
  const follow = (e: CustomEvent<{ href?: string; external?: boolean }>) => {
    if (e.detail.external || !e.detail.href) return;
    e.preventDefault();
    void go(e.detail.href);
  };
  const active = [...places, ...offices].find((p) => p.href !== "/" && pathname.startsWith(p.href));
  return (
    <HelpContext.Provider value={{ show: setHelp, open: () => setHelpOpen(true) }}>
      <AppLayout
        headerSelector="#top"
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          <SideNavigation
            header={{ text: "bursar", href: "/" }}
            items={[...links(places), { type: "divider" }, ...links(offices)]}
            activeHref={active?.href ?? (pathname === "/" ? "/" : undefined)}
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
});

// Outside is for pages that anybody may read.
function Outside() {
  return <AppLayout headerSelector="#top" navigationHide toolsHide content={<Outlet />} />;
}

const names: Record<string, string> = { reference: "API reference", workspaces: "Workspaces", settings: "Settings", profile: "Profile", accounts: "Accounts", costs: "Costs", items: "Line items", sql: "SQL", people: "People", keys: "API keys", audit: "Audit log", deliveries: "Deliveries", runs: "Runs", credentials: "Credentials", sources: "Sources", requests: "Paid requests", destinations: "Destinations", about: "About", register: "Register" };

function crumbs(path: string) {
  const items = [{ text: "bursar", href: "/" }];
  let href = "";
  for (const part of path.split("/").filter(Boolean)) {
    href += "/" + part;
    items.push({ text: names[part] ?? decodeURIComponent(part), href });
  }
  return items;
}
