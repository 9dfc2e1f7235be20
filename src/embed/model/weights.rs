//! The tensors of the model file, by name, with the type and shape that the network needs.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::ModelFault;
use crate::embed::pinned::FORMAT;

/// Longest header that is read, in bytes; ours has 9,000.
const HEADER_BYTES: u64 = 64 * 1024;

/// The file's tensors.
pub(super) struct Weights<'a> {
    file: &'a [u8],
    tensors: HashMap<String, TensorView<'a>>,
}

impl<'a> Weights<'a> {
    /// Reads the container.
    ///
    /// # Errors
    /// Where it is damaged or one of something else.
    pub(super) fn read(file: &'a [u8]) -> Result<Self, ModelFault> {
        let header = file.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
        if header > HEADER_BYTES {
            return Err(ModelFault::Container(safetensors::SafeTensorError::HeaderTooLarge));
        }
        let (_, about) = SafeTensors::read_metadata(file)?;
        let format = about.metadata().as_ref().and_then(|about| about.get("format")).cloned().unwrap_or_default();
        if format != FORMAT {
            return Err(ModelFault::Format(format));
        }
        Ok(Self { file, tensors: SafeTensors::deserialize(file)?.tensors().into_iter().collect() })
    }

    /// Rows and columns of a matrix of this type.
    ///
    /// # Errors
    /// Where it is another.
    pub(super) fn matrix(&self, name: &str, dtype: Dtype) -> Result<(usize, usize, &'a [u8]), ModelFault> {
        let view = self.of(name, dtype)?;
        match *view.shape() {
            [rows, columns] => Ok((rows, columns, view.data())),
            _ => Err(wrong(name, format!("of shape {:?}, wanted is a matrix", view.shape()))),
        }
    }

    /// The bytes of a list of bytes.
    ///
    /// # Errors
    /// Where it is something else.
    pub(super) fn bytes(&self, name: &str) -> Result<&'a [u8], ModelFault> {
        Ok(self.of(name, Dtype::U8)?.data())
    }

    /// A list of so many numbers.
    ///
    /// # Errors
    /// Where it is something else.
    pub(super) fn list(&self, name: &str, length: usize) -> Result<Vec<f32>, ModelFault> {
        let view = self.of(name, Dtype::F32)?;
        if view.shape() != [length] {
            return Err(wrong(name, format!("of shape {:?}, wanted is [{length}]", view.shape())));
        }
        Ok(view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// An int8 matrix of this shape.
    ///
    /// # Errors
    /// Where it is something else.
    pub(super) fn digits(&self, name: &str, rows: usize, columns: usize) -> Result<Vec<i8>, ModelFault> {
        let (r, c, data) = self.matrix(name, Dtype::I8)?;
        if (r, c) != (rows, columns) {
            return Err(wrong(name, format!("of shape [{r}, {c}], wanted is [{rows}, {columns}]")));
        }
        Ok(data.iter().map(|byte| byte.cast_signed()).collect())
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Where a tensor's bytes begin in the file.
    pub(super) fn place(&self, data: &[u8]) -> usize {
        data.as_ptr().addr() - self.file.as_ptr().addr()
    }

    fn of(&self, name: &str, dtype: Dtype) -> Result<&TensorView<'a>, ModelFault> {
        let view = self.tensors.get(name).ok_or_else(|| wrong(name, "not there".to_owned()))?;
        if view.dtype() == dtype {
            Ok(view)
        } else {
            Err(wrong(name, format!("of type {:?}, wanted is {dtype:?}", view.dtype())))
        }
    }
}

pub(super) fn wrong(name: &str, problem: String) -> ModelFault {
    ModelFault::Tensor { name: name.to_owned(), problem }
}
