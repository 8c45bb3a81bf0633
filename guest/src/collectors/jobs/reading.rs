//! One read of everything about jobs, for whichever collector keeps a ledger.

use std::rc::Rc;

use futures::future::join;

use super::ledger::Ledger;
use super::list;
use super::options::Options;
use super::row::Job;
use super::unended::Unended;
use crate::collectors::Context;
use crate::report::Failure;

/// Reads what has ended since the last read, what has not ended, and what of that
/// has gone from the list. Calls `take` with all that may have ended; with some of
/// it twice. The ledger must not be kept if this fails.
pub(in crate::collectors) async fn read(
    context: &Context<'_>,
    options: &Options,
    ledger: &mut Ledger,
    mut take: impl FnMut(&mut Ledger, &Job<'_>),
) -> Result<Rc<Unended>, Vec<Failure>> {
    let client = context.client;
    let (finished, unended) = join(
        list::finished(client, ledger.range(), options.readers(), |job| {
            take(ledger, &job);
        }),
        context.shared.unended(client),
    )
    .await;
    let unended = match (finished, unended) {
        (Ok(()), Ok(unended)) => unended,
        // Each tells what the other one may not count.
        (finished, unended) => {
            return Err(finished.err().into_iter().chain(unended.err()).collect());
        }
    };
    let missing = ledger.missing(&unended);
    list::each(client, missing, options.readers(), |job| take(ledger, &job))
        .await
        .map_err(|failure| vec![failure])?;
    Ok(unended)
}
