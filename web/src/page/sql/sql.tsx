import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import Textarea from "@cloudscape-design/components/textarea";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { count } from "../../part/format";
import { useHelp } from "../../shell/help";

const first = "SELECT strftime(day, '%Y-%m') AS month, service, sum(unblended) AS amount\nFROM costs_daily\nGROUP BY ALL\nORDER BY month, amount DESC";

// The statement is part of the page's address: it can be shared.
export function Component() {
  const [params, setParams] = useSearchParams();
  const [sql, setSQL] = useState(params.get("sql") ?? first);
  const ask = useMutation({ mutationFn: () => answer(api.POST("/api/v1/sql", { body: { sql, limit: 1000 } })) });
  useHelp("SQL", <Help />);
  const run = () => {
    setParams({ sql }, { replace: true });
    ask.mutate();
  };
  const columns = ask.data?.columns ?? [];
  return (
    <ContentLayout header={<Header variant="h1" description="Read-only, over the published bills of this workspace.">SQL</Header>}>
      <SpaceBetween size="l">
        <Container>
          <SpaceBetween size="s">
            <FormField label="Statement" description="One SELECT. Ctrl+Enter runs it." stretch>
              <Textarea value={sql} rows={8} spellcheck={false} onChange={({ detail }) => setSQL(detail.value)} onKeyDown={({ detail }) => detail.ctrlKey && detail.key === "Enter" && run()} />
            </FormField>
            <Button variant="primary" loading={ask.isPending} loadingText="Running" onClick={run}>
              Run
            </Button>
          </SpaceBetween>
        </Container>
        <Failure error={ask.error} />
        {ask.data && (
          <Table
            header={<Header variant="h2" counter={`(${count(ask.data.rows.length)}${ask.data.more ? "+" : ""})`} description={ask.data.more ? "There are more rows: these are the first." : undefined}>Rows</Header>}
            items={ask.data.rows}
            columnDefinitions={columns.map((c, i) => ({ id: `${i}-${c.name}`, header: c.name, cell: (row: unknown[]) => shown(row[i]) }))}
            empty="The statement gives no row."
            resizableColumns
            enableKeyboardNavigation
          />
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}

const shown = (v: unknown): string => (v === null || v === undefined ? "NULL" : typeof v === "object" ? JSON.stringify(v) : String(v));

function Help() {
  return (
    <>
      <p>Two views hold the most:</p>
      <Box variant="p">
        <b>line_items</b>: every line item that counts, with all of its columns.
      </Box>
      <Box variant="p">
        <b>costs_daily</b>: sums by day, service, account, region and more. Quick at any size.
      </Box>
      <Box variant="p">
        <code>SHOW TABLES</code> lists the views and <code>DESCRIBE line_items</code> the columns of one.
      </Box>
    </>
  );
}
