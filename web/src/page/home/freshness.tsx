import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useArrivals } from "../../api/account";
import { answer, api } from "../../api/client";
import { useForecast } from "../../api/cost";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import { Place } from "../../part/place";

// Freshness says how new the bills are: what AWS delivered last, when bursar had it, and whose data is missing.
const shown = 6;

export function Freshness() {
  const arrivals = useArrivals(shown);
  const last = useQuery({ queryKey: ["deliveries", "newest"], queryFn: () => answer(api.GET("/api/v1/deliveries", { params: { query: { limit: 1 } } })), refetchInterval: 30_000 });
  const through = useForecast().data?.through;
  const d = last.data?.items?.[0];
  const paying = arrivals.data?.items ?? [];
  const more = (arrivals.data?.total ?? 0) - paying.length;
  return (
    <Container header={<Header variant="h2" actions={<Place to="/deliveries">Deliveries</Place>}>Data</Header>} fitHeight>
      <SpaceBetween size="m">
        <Failure error={last.error ?? arrivals.error} />
        {last.isPending ? (
          <Box>Looking for deliveries…</Box>
        ) : !d ? (
          <Box color="text-body-secondary">AWS has not delivered a bill yet.</Box>
        ) : (
          <KeyValuePairs
            columns={2}
            items={[
              { label: "Newest delivery", value: `${d.period}, written by AWS ${when(d.delivered_at)}` },
              { label: "Imported", value: <>{when(d.imported_at)} <Status of={d.state} /></> },
              { label: "Bill complete through", value: through ?? "–" },
            ]}
          />
        )}
        {paying.length > 0 && (
          <div>
            {paying.map((a) => (
              <Box key={a.id}>
                <Status of={a.status.data_arrival} /> <Place to={`/accounts/${a.account_id}?tab=bills`}>{a.name}</Place>
              </Box>
            ))}
            {more > 0 && <Box color="text-body-secondary">{`and ${more} more`}</Box>}
          </div>
        )}
      </SpaceBetween>
    </Container>
  );
}
