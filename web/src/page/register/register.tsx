import Box from "@cloudscape-design/components/box";
import { useParams } from "react-router";
import { useAccount, useSetup } from "../../api/account";
import { Failure } from "../../part/failure";
import { New } from "./new";
import { Resume } from "./resume";

// The register wizard. Before the account is there it asks for method and details, or for a list; from then on its steps are those of the
// account's set-up, so that a registration resumes wherever it stands.
export function Component() {
  const { account: id = "" } = useParams();
  return id ? <Registered key={id} id={id} /> : <New />;
}

function Registered({ id }: { id: string }) {
  const account = useAccount(id);
  const setup = useSetup(id);
  if (account.error || setup.error) return <Failure error={account.error ?? setup.error} retry={() => void Promise.all([account.refetch(), setup.refetch()])} />;
  if (!account.data || !setup.data) return <Box>Reading where the registration stands…</Box>;
  return <Resume account={account.data} setup={setup.data} />;
}
