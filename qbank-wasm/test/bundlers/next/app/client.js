"use client";
// A client component: it is rendered on the server first, where the package is loaded as well.
import { useEffect, useRef } from "react";
import { pay } from "../pay.js";

export function Pay() {
  const paying = useRef(false);
  useEffect(() => {
    // In development React runs an effect twice.
    if (paying.current) return;
    paying.current = true;
    pay(JSON.parse(decodeURIComponent(location.hash.slice(1)))).then(
      (paid) => (document.body.dataset.paid = JSON.stringify(paid)),
      (error) => (document.body.dataset.failed = String(error?.stack ?? error)),
    );
  }, []);
  return <p>Pays once</p>;
}
