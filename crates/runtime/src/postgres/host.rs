//! The guest's calls of `spin:postgres`. The synchronous functions block the whole instance while they wait. The
//! `-async` ones, which spin-sdk uses, let the instance's other requests go on.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use wasmtime::component::{
    Accessor, Destination, FutureReader, HasData, Resource, ResourceTable, StreamProducer, StreamReader,
    StreamResult,
};
use wasmtime::{AsContextMut as _, StoreContextMut};

use crate::postgres::pool::check_address;
use crate::postgres::{Connection, ConnectionBuilder, Postgres};
use crate::telemetry::{Parent, TracedStore, database};
use crate::wit::postgres::{
    Column, DbValue, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
    HostConnectionWithStore, ParameterValue, Row, RowSet,
};

/// The data of one instance's store that these functions use.
pub(crate) struct PostgresView<'a> {
    pub(crate) postgres: &'a Postgres,
    pub(crate) table: &'a mut ResourceTable,
}

#[derive(Debug)]
pub(crate) struct HasPostgres;

impl HasData for HasPostgres {
    type Data<'a> = PostgresView<'a>;
}

type Outcome<T> = wasmtime::Result<Result<T, Error>>;
type Rows = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

impl Postgres {
    async fn open(&self, address: &str, ca_root: Option<&str>) -> Result<Connection, Error> {
        check_address(&self.allowed, address)?;
        match self.pools.connect(address, ca_root).await {
            Ok(pooled) => Ok(Connection::new(pooled)),
            Err(error) => Err(Error::ConnectionFailed(format!("{error:?}"))),
        }
    }

    async fn open_traced(
        &self,
        caller: &Parent,
        address: &str,
        ca_root: Option<&str>,
    ) -> Result<Connection, Error> {
        let span = database::start_open(caller, address);
        let opened = self.open(address, ca_root).await;
        database::finish(&span, &opened);
        opened
    }
}

impl PostgresView<'_> {
    fn connection(&self, handle: &Resource<Connection>) -> wasmtime::Result<Connection> {
        Ok(self.table.get(handle)?.clone())
    }

    fn builder(&self, handle: &Resource<ConnectionBuilder>) -> wasmtime::Result<(String, Option<String>)> {
        let builder = self.table.get(handle)?;
        Ok((builder.address.clone(), builder.ca_root.clone()))
    }

    fn push(&mut self, opened: Result<Connection, Error>) -> Outcome<Resource<Connection>> {
        match opened {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl Host for PostgresView<'_> {}

impl HostConnectionBuilder for PostgresView<'_> {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<ConnectionBuilder>> {
        Ok(self.table.push(ConnectionBuilder { address, ca_root: None })?)
    }

    async fn set_ca_root(&mut self, handle: Resource<ConnectionBuilder>, certificate: String) -> Outcome<()> {
        if let Err(error) = crate::tls::client_config(&[], Some(&certificate)) {
            return Ok(Err(Error::Other(format!("invalid root certificate: {error}"))));
        }
        self.table.get_mut(&handle)?.ca_root = Some(certificate);
        Ok(Ok(()))
    }

    async fn build(&mut self, handle: Resource<ConnectionBuilder>) -> Outcome<Resource<Connection>> {
        let (address, ca_root) = self.builder(&handle)?;
        let opened = self.postgres.open(&address, ca_root.as_deref()).await;
        self.push(opened)
    }

    async fn drop(&mut self, handle: Resource<ConnectionBuilder>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl<T: TracedStore> HostConnectionBuilderWithStore<T> for HasPostgres {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<ConnectionBuilder>,
    ) -> Outcome<Resource<Connection>> {
        let (caller, postgres, builder) = accessor.with(|mut access| {
            let caller = T::caller(access.as_context_mut());
            let view = access.get();
            (caller, view.postgres.clone(), view.builder(&handle))
        });
        let (address, ca_root) = builder?;
        let opened = postgres.open_traced(&caller, &address, ca_root.as_deref()).await;
        accessor.with(|mut access| access.get().push(opened))
    }
}

impl HostConnection for PostgresView<'_> {
    async fn open(&mut self, address: String) -> Outcome<Resource<Connection>> {
        let opened = self.postgres.open(&address, None).await;
        self.push(opened)
    }

    async fn query(
        &mut self,
        handle: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Outcome<RowSet> {
        Ok(self.connection(&handle)?.query(&statement, &parameters).await)
    }

    async fn execute(
        &mut self,
        handle: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Outcome<u64> {
        Ok(self.connection(&handle)?.execute(&statement, &parameters).await)
    }

    async fn drop(&mut self, handle: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl<T: TracedStore> HostConnectionWithStore<T> for HasPostgres {
    async fn open_async(accessor: &Accessor<T, Self>, address: String) -> Outcome<Resource<Connection>> {
        let (caller, postgres) =
            accessor.with(|mut access| (T::caller(access.as_context_mut()), access.get().postgres.clone()));
        let opened = postgres.open_traced(&caller, &address, None).await;
        accessor.with(|mut access| access.get().push(opened))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Outcome<u64> {
        let (caller, connection) = accessor
            .with(|mut access| (T::caller(access.as_context_mut()), access.get().connection(&handle)));
        let span = database::start_execute(&caller, &statement);
        let outcome = connection?.execute(&statement, &parameters).await;
        database::finish(&span, &outcome);
        Ok(outcome)
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Outcome<Rows> {
        let (caller, connection) = accessor
            .with(|mut access| (T::caller(access.as_context_mut()), access.get().connection(&handle)));
        let span = database::start_query(&caller, &statement);
        let streamed = connection?.query_streamed(&statement, &parameters).await;
        database::finish(&span, &streamed);
        let streamed = match streamed {
            Ok(streamed) => streamed,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, RowProducer { rows: streamed.rows })?;
            // The sender is dropped without a value only when the runtime stops.
            let outcome = streamed.outcome;
            let outcome = async move { wasmtime::error::Ok(outcome.await.unwrap_or(Ok(()))) };
            let outcome = FutureReader::new(&mut access, outcome)?;
            Ok(Ok((streamed.columns, rows, outcome)))
        })
    }
}

/// Passes rows to the guest one at a time, as it reads them.
struct RowProducer {
    rows: mpsc::Receiver<Row>,
}

impl<D> StreamProducer<D> for RowProducer {
    type Item = Row;
    type Buffer = Option<Vec<DbValue>>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Row, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.rows.poll_recv(cx) {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            received => Poll::Ready(Ok(match ready!(received) {
                None => StreamResult::Dropped,
                Some(row) => {
                    destination.set_buffer(Some(row));
                    StreamResult::Completed
                }
            })),
        }
    }
}
