import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CollectionPreferences from "@cloudscape-design/components/collection-preferences";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter from "@cloudscape-design/components/property-filter";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useMutation } from "@tanstack/react-query";
import { memo, type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import type { Account } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { count } from "../../part/format";
import { useKept } from "../../part/kept";
import { save } from "../../part/save";
import { useHelp } from "../../shell/help";
import { type Asked, download, useAsked, useBelow, useFound } from "./asked";
import { columns, usual } from "./columns";
import { filteringOptions, filteringProperties } from "./filter";
import { UnregisteredTable } from "./unregistered";

export function Component() {
  const asked = useAsked();
  useHelp("Accounts", <p>Each badge is the state of one thing that an access allows. Open an account to see its findings, and what to do. The address of this page holds the filter: share it, or keep it as a bookmark.</p>);
  const views = (
    <SegmentedControl
      label="View"
      selectedId={asked.view}
      options={[
        { id: "list", text: "List" },
        { id: "tree", text: "By payer" },
        { id: "unregistered", text: "Not registered" },
      ]}
      onChange={({ detail }) => asked.change({ view: detail.selectedId === "list" ? undefined : detail.selectedId, page: undefined, after: undefined, text: undefined })}
    />
  );
  if (asked.view === "unregistered") return <UnregisteredTable views={views} />;
  return <Accounts asked={asked} views={views} />;
}

interface Preferences {
  size: number;
  shown: string[];
}

function Accounts({ asked, views }: { asked: Asked; views: React.ReactNode }) {
  const [kept, keep] = useKept<Preferences>("accounts", { size: 50, shown: usual });
  const tree = asked.view === "tree" && asked.filter.length === 0;
  const found = useFound(asked, kept.size, tree);
  const save_ = useMutation({ mutationFn: async () => save("accounts.csv", "text/csv", await download(asked)) });
  const total = found.data?.total ?? 0;
  const { sort, page } = asked;
  if (found.data?.next_cursor && !found.isPlaceholderData) asked.remember(page + 1, found.data.next_cursor);
  if (asked.after) asked.remember(page, asked.after);
  const sorted = columns.find((c) => c.sortingField === sort.replace("-", ""));
  const below = useTree(tree ? (found.data?.items ?? []) : []);
  return (
    <SpaceBetween size="m">
      <Failure error={found.error ?? save_.error} retry={() => void found.refetch()} />
      <Held waiting={found.isPlaceholderData}>
        <Table<Account>
          variant="full-page"
          stickyHeader
          trackBy="id"
          items={found.data?.items ?? []}
          loading={found.isPending}
          loadingText="Reading accounts…"
          columnDefinitions={columns}
          columnDisplay={columns.map((c) => ({ id: c.id, visible: kept.shown.includes(c.id) }))}
          enableKeyboardNavigation
          sortingColumn={sorted}
          sortingDescending={sort.startsWith("-")}
          onSortingChange={({ detail }) => asked.change({ sort: (detail.isDescending ? "-" : "") + (detail.sortingColumn.sortingField ?? "name"), page: undefined, after: undefined })}
          {...(tree ? below : {})}
          header={<Head total={total} busy={save_.isPending} download={() => save_.mutate()} />}
          empty={asked.filter.length > 0 ? <NoMatch clear={() => asked.setFilter({ tokens: [], operation: "and" })} /> : <Empty />}
          filter={
            <SpaceBetween size="s">
              {views}
              <PropertyFilter
                query={asked.query}
                onChange={({ detail }) => asked.setFilter(detail)}
                filteringProperties={filteringProperties}
                filteringOptions={filteringOptions}
                hideOperations
                filteringPlaceholder="Find accounts by name, id, status, finding…"
                filteringAriaLabel="Find accounts"
                countText={asked.filter.length > 0 && !found.isPlaceholderData ? `${count(total)} found` : ""}
              />
              {asked.view === "tree" && !tree && <Box color="text-body-secondary">What a filter finds is shown as a list.</Box>}
            </SpaceBetween>
          }
          pagination={
            <Pagination
              currentPageIndex={page}
              pagesCount={Math.max(1, found.data?.next_cursor ? page + 1 : page)}
              onChange={({ detail }) => asked.goTo(detail.currentPageIndex)}
              ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Page before", pageLabel: (n) => `Page ${n}` }}
            />
          }
          preferences={<Choice kept={kept} keep={keep} done={() => asked.change({ page: undefined, after: undefined })} />}
        />
      </Held>
    </SpaceBetween>
  );
}

// Held leaves its content as it stands while an answer is awaited: drawing the rows that are about to go would be most of the wait.
const Held = memo(
  function Held({ children }: { waiting: boolean; children: ReactNode }) {
    return children;
  },
  (_, next) => next.waiting,
);
function Head({ total, busy, download }: { total: number; busy: boolean; download: () => void }) {
  const go = useNavigate();
  const may = useMay();
  return (
    <Header
      variant="awsui-h1-sticky"
      counter={`(${count(total)})`}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button loading={busy} loadingText="Writing the file" onClick={download}>
            Download CSV
          </Button>
          {may("accounts:manage") && (
            <Button variant="primary" onClick={() => void go("/accounts/register")}>
              Register an account
            </Button>
          )}
        </SpaceBetween>
      }
    >
      Accounts
    </Header>
  );
}

// useTree opens payers and shows what is below them.
function useTree(top: Account[]): Partial<TableProps<Account>> {
  const [open, setOpen] = useState<Account[]>([]);
  const [pages, setPages] = useState<Record<string, number>>({});
  const shown = open.filter((o) => top.some((a) => a.id === o.id));
  const below = useBelow(shown, pages);
  const of = (id: string) => below.find((b) => b.data?.payer === id)?.data;
  return {
    expandableRows: {
      getItemChildren: (a) => of(a.id)?.items ?? [],
      isItemExpandable: (a) => (a.linked ?? 0) > 0,
      expandedItems: open,
      onExpandableItemToggle: ({ detail }) => setOpen(detail.expanded ? [...open, detail.item] : open.filter((o) => o.id !== detail.item.id)),
    },
    getLoadingStatus: (a) => (!a ? "finished" : !of(a.id) ? "loading" : of(a.id)?.more ? "pending" : "finished"),
    renderLoaderLoading: () => "Reading linked accounts…",
    renderLoaderPending: ({ item }) => (
      <Button variant="inline-link" onClick={() => item && setPages({ ...pages, [item.id]: (pages[item.id] ?? 1) + 1 })}>
        Show more
      </Button>
    ),
    ariaLabels: { expandButtonLabel: (a) => `Show the accounts of ${a.name}`, collapseButtonLabel: (a) => `Hide the accounts of ${a.name}` },
  };
}

function Choice({ kept, keep, done }: { kept: Preferences; keep: (p: Preferences) => void; done: () => void }) {
  return (
    <CollectionPreferences
      title="Columns"
      confirmLabel="Use"
      cancelLabel="Leave"
      preferences={{ pageSize: kept.size, visibleContent: kept.shown }}
      pageSizePreference={{ title: "Accounts on a page", options: [20, 50, 100, 200].map((n) => ({ value: n, label: String(n) })) }}
      visibleContentPreference={{ title: "Columns", options: [{ label: "Account", options: columns.map((c) => ({ id: c.id, label: c.header, editable: c.id !== "name" })) }] }}
      onConfirm={({ detail }) => {
        keep({ size: detail.pageSize ?? kept.size, shown: [...(detail.visibleContent ?? kept.shown)] });
        done();
      }}
    />
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <Box textAlign="center">
      <SpaceBetween size="s">
        <b>No account fits the filter</b>
        <Button onClick={clear}>Clear the filter</Button>
      </SpaceBetween>
    </Box>
  );
}

function Empty() {
  const go = useNavigate();
  return (
    <Box textAlign="center">
      <SpaceBetween size="m">
        <b>No account is registered yet</b>
        <Button onClick={() => void go("/accounts/register")}>Register an account</Button>
      </SpaceBetween>
    </Box>
  );
}
