import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { Failure } from "./failure";

// Confirm asks before something is done that people may regret. With type, they must type that text first.
export function Confirm(p: { title: string; does: string; busy: boolean; error: unknown; leave: () => void; go: () => void; type?: string; what?: string; children: ReactNode }) {
  const [typed, setTyped] = useState("");
  return (
    <Modal
      visible
      header={p.title}
      onDismiss={p.leave}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={p.leave}>
              Leave it
            </Button>
            <Button variant="primary" loading={p.busy} disabled={p.type !== undefined && typed !== p.type} onClick={p.go}>
              {p.does}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {p.children}
        {p.type !== undefined && (
          <FormField label={`To confirm, type ${p.what ?? "its name"}: ${p.type}`}>
            <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} autoComplete={false} />
          </FormField>
        )}
        <Failure error={p.error} />
      </SpaceBetween>
    </Modal>
  );
}
