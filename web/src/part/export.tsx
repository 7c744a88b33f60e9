import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useMutation } from "@tanstack/react-query";
import { type Format, formats } from "../api/cost";
import { Failure } from "./failure";

const words: Record<Format, string> = { csv: "CSV", jsonl: "JSON lines", parquet: "Parquet" };

// useExport is a button that fetches everything as a file, and what went wrong with it.
export function useExport(fetchFile: (format: Format) => Promise<void>, disabled = false) {
  const fetching = useMutation({ mutationFn: fetchFile });
  return {
    failure: <Failure error={fetching.error} />,
    button: (
      <ButtonDropdown
        disabled={disabled}
        loading={fetching.isPending}
        loadingText="Fetching the file"
        items={formats.map((f) => ({ id: f, text: words[f] }))}
        onItemClick={({ detail }) => fetching.mutate(detail.id as Format)}
      >
        Export
      </ButtonDropdown>
    ),
  };
}
