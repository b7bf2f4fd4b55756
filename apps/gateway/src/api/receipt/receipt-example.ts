/** A receipt as the API's description shows it: only its form is right. */
export const RECEIPT_EXAMPLE = `c2sp.org/tlog-proof@v1
extra eyJlbnRyeSI6IntcImFuc3dlclwiOiAuLi4gfSJ9
index 1
h9Zk3bDdzCIUcPZpjTcBPSC3eS1mhCH3oVGn9pwBKzo=

gateway.example.com/receipts
2
Xk8d2rXnQmAPd0vnOQmTkV5FvyS1AQ1yTz8yCw0e0bM=

— gateway.example.com/receipts mB0xUhH0cWbW0oOMVvA6zSwe3cKSb8aO8m9y8C0e6g0c9yVQ==
`;
