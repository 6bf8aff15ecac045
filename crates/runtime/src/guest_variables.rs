//! The guest's calls of `spin:variables`.

use wasmtime::component::{Accessor, HasData};

use crate::variables::{ComponentVariables, GetError};
use crate::wit::variables::{Error, Host, HostWithStore};

#[derive(Debug)]
pub(crate) struct HasVariables;

/// What the functions of one instance work on.
#[derive(Debug)]
pub(crate) struct VariablesView<'a>(pub(crate) &'a ComponentVariables);

impl HasData for HasVariables {
    type Data<'a> = VariablesView<'a>;
}

impl Host for VariablesView<'_> {}

impl<T: Send> HostWithStore<T> for HasVariables {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        let value = accessor.with(|mut access| access.get().0.get(&name));
        Ok(value.map_err(|error| match error {
            GetError::InvalidName(text) => Error::InvalidName(text),
            GetError::Undefined(text) => Error::Undefined(text),
        }))
    }
}
