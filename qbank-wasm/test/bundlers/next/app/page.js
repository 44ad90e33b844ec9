import { Pay } from "./client";

export default function Page() {
  return <Pay />;
}
