//! The network: MiniLM's six layers as a graph of tract's operators, made once, run for any length.
//!
//! Weights are int8 with one scale for each output; activations are made int8 anew for each token,
//! symmetric, so that a product of integers and two scales is all there is. One text at a time:
//! nothing is padded, so nothing is masked. Attention itself is done in floats.

#![forbid(unsafe_code)]

use std::sync::Arc;

use tract_core::internal::{
    AxesMapping, AxisOp, Datum as _, DatumExt as _, DatumType, IntoArcTensor as _, IntoRunnable as _, IntoTValue as _,
    OutletId, SpecialOps as _, TVec, Tensor, ToDim as _, TractError, TypedModel, TypedOp, TypedRunnableModel, tensor0,
    tvec,
};
use tract_core::ops::array::Slice;
use tract_core::ops::cast::cast;
use tract_core::ops::einsum::EinSum;
use tract_core::ops::math;
use tract_core::ops::nn::gelu_exact::gelu_exact;
use tract_core::ops::nn::{Reduce, Reducer, RmsNorm, Softmax, SoftmaxKind};

use super::ModelFault;
use super::weights::Weights;
use crate::embed::pinned::{DIMENSIONS, HEADS};

/// Added to every variance (BERT's layer_norm_eps).
const EPSILON: f32 = 1e-12;
/// Added to the scale of a token's activations, so that a row of zeros has one.
const NO_ZERO: f32 = 1e-9;

/// The network, ready to run.
#[derive(Debug)]
pub(super) struct Encoder {
    plan: Arc<TypedRunnableModel>,
}

impl Encoder {
    /// Builds the graph from the file's tensors and has it optimised for this processor.
    ///
    /// # Errors
    /// Where a tensor is missing or tract refuses the graph.
    pub(super) fn build(weights: &Weights<'_>) -> Result<Self, ModelFault> {
        let mut graph = Graph { model: TypedModel::default(), weights };
        let output = graph.wire()?;
        let mut model = graph.model;
        let optimised = model.select_output_outlets(&[output]).and_then(|()| model.into_optimized());
        let plan = optimised.and_then(TypedModel::into_runnable).map_err(network)?;
        Ok(Self { plan })
    }

    /// Runs it on `length` rows; gives as many.
    ///
    /// # Errors
    /// [`ModelFault::Network`].
    pub(super) fn run(&self, length: usize, rows: Vec<f32>) -> Result<Vec<f32>, ModelFault> {
        let input = Tensor::from_shape(&[length, DIMENSIONS], &rows).map_err(network)?;
        let output = self.plan.run(tvec!(input.into_tvalue())).map_err(network)?;
        let output = output.first().ok_or_else(|| ModelFault::Network("no output".to_owned()))?;
        let view = output.to_plain_array_view::<f32>().map_err(network)?;
        Ok(view.iter().copied().collect())
    }
}

fn network(error: TractError) -> ModelFault {
    ModelFault::Network(format!("{error:#}"))
}

/// The graph while it is made.
struct Graph<'a> {
    model: TypedModel,
    weights: &'a Weights<'a>,
}

impl Graph<'_> {
    fn wire(&mut self) -> Result<OutletId, ModelFault> {
        let length = self.model.sym("S").to_dim();
        let input = f32::fact([length, DIMENSIONS.to_dim()]);
        let rows = self.model.add_source("rows", input).map_err(network)?;
        let mut x = self.norm("norm", rows)?;
        for layer in (0..).map(|layer| format!("layer{layer}")) {
            if !self.weights.has(&format!("{layer}.attend.digits")) {
                break;
            }
            let attended = self.attention(&layer, x)?;
            let joined = self.linear(&format!("{layer}.join"), attended, DIMENSIONS, DIMENSIONS)?;
            let sum = self.op(&format!("{layer}.add1"), math::add(), &[joined, x])?;
            x = self.norm(&format!("{layer}.norm1"), sum)?;
            let wide = self.linear(&format!("{layer}.widen"), x, DIMENSIONS, 4 * DIMENSIONS)?;
            let wide = self.op(&format!("{layer}.gelu"), gelu_exact(), &[wide])?;
            let narrow = self.linear(&format!("{layer}.narrow"), wide, 4 * DIMENSIONS, DIMENSIONS)?;
            let sum = self.op(&format!("{layer}.add2"), math::add(), &[narrow, x])?;
            x = self.norm(&format!("{layer}.norm2"), sum)?;
        }
        Ok(x)
    }

    /// Queries, keys and values from one product; their 1/√32 is in the weights.
    fn attention(&mut self, layer: &str, x: OutletId) -> Result<OutletId, ModelFault> {
        let all = self.linear(&format!("{layer}.attend"), x, DIMENSIONS, 3 * DIMENSIONS)?;
        let mut parts = TVec::new();
        for (place, part) in ["queries", "keys", "values"].iter().enumerate() {
            let cut = Slice::new(1, place * DIMENSIONS, (place + 1) * DIMENSIONS);
            let cut = self.op(&format!("{layer}.{part}"), cut, &[all])?;
            let heads = tvec!(HEADS.to_dim(), (DIMENSIONS / HEADS).to_dim());
            let split = AxisOp::Reshape(1, tvec!(DIMENSIONS.to_dim()), heads);
            parts.push(self.op(&format!("{layer}.{part}.heads"), split, &[cut])?);
        }
        let near = self.product(&format!("{layer}.near"), "qhd,khd->hqk", &[parts[0], parts[1]], f32::datum_type())?;
        let softmax = Softmax { axes: tvec!(2), quant_output_dt: None, kind: SoftmaxKind::default() };
        let share = self.op(&format!("{layer}.share"), softmax, &[near])?;
        let mixed = self.product(&format!("{layer}.mixed"), "hqk,khd->qhd", &[share, parts[2]], f32::datum_type())?;
        let heads = tvec!(HEADS.to_dim(), (DIMENSIONS / HEADS).to_dim());
        let join = AxisOp::Reshape(1, heads, tvec!(DIMENSIONS.to_dim()));
        self.op(&format!("{layer}.joined"), join, &[mixed])
    }

    /// `x` times an int8 matrix, plus a bias.
    fn linear(&mut self, name: &str, x: OutletId, from: usize, to: usize) -> Result<OutletId, ModelFault> {
        let digits = self.weights.digits(&format!("{name}.digits"), to, from)?;
        let scales = self.weights.list(&format!("{name}.scales"), to)?;
        let bias = self.weights.list(&format!("{name}.bias"), to)?;
        let digits = Tensor::from_shape(&[to, from], &digits).map_err(network)?;
        let digits = self.constant(&format!("{name}.digits"), digits)?;

        let size = self.op(&format!("{name}.abs"), math::abs(), &[x])?;
        let largest = self.op(&format!("{name}.max"), Reduce::new(tvec!(1), Reducer::Max), &[size])?;
        let scale = self.number(&format!("{name}.127"), math::mul(), largest, 1.0 / 127.0)?;
        let scale = self.number(&format!("{name}.no-zero"), math::add(), scale, NO_ZERO)?;
        let scaled = self.op(&format!("{name}.scaled"), math::div(), &[x, scale])?;
        let rounded = self.op(&format!("{name}.rounded"), math::round_half_to_even(), &[scaled])?;
        let whole = self.op(&format!("{name}.int8"), cast(i8::datum_type()), &[rounded])?;

        let sum = self.product(&format!("{name}.product"), "sk,nk->sn", &[whole, digits], i32::datum_type())?;
        let sum = self.op(&format!("{name}.float"), cast(f32::datum_type()), &[sum])?;
        let sum = self.op(&format!("{name}.by-token"), math::mul(), &[sum, scale])?;
        let sum = self.row(&format!("{name}.by-output"), math::mul(), sum, &scales)?;
        self.row(&format!("{name}.biased"), math::add(), sum, &bias)
    }

    /// Layer normalisation over a row.
    fn norm(&mut self, name: &str, x: OutletId) -> Result<OutletId, ModelFault> {
        let weight = self.weights.list(&format!("{name}.weight"), DIMENSIONS)?;
        let bias = self.weights.list(&format!("{name}.bias"), DIMENSIONS)?;
        let sum = self.op(&format!("{name}.sum"), Reduce::new(tvec!(1), Reducer::Sum), &[x])?;
        #[allow(clippy::cast_precision_loss, reason = "384 is exact")]
        let mean = self.number(&format!("{name}.mean"), math::mul(), sum, 1.0 / DIMENSIONS as f32)?;
        let centred = self.op(&format!("{name}.centred"), math::sub(), &[x, mean])?;
        let unit = RmsNorm { axis: 1, eps: tensor0(EPSILON).into_arc_tensor() };
        let unit = self.op(&format!("{name}.unit"), unit, &[centred])?;
        let scaled = self.row(&format!("{name}.scaled"), math::mul(), unit, &weight)?;
        self.row(&format!("{name}.biased"), math::add(), scaled, &bias)
    }

    fn product(
        &mut self,
        name: &str,
        axes: &str,
        inputs: &[OutletId],
        within: DatumType,
    ) -> Result<OutletId, ModelFault> {
        let axes: AxesMapping = axes.parse().map_err(network)?;
        self.op(name, EinSum::new(axes, within), inputs)
    }

    /// An operator between each row of `x` and the same list.
    fn row(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        x: OutletId,
        list: &[f32],
    ) -> Result<OutletId, ModelFault> {
        let list = Tensor::from_shape(&[1, list.len()], list).map_err(network)?;
        let list = self.constant(&format!("{name}.list"), list)?;
        self.op(name, op, &[x, list])
    }

    /// An operator between `x` and one number.
    fn number(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        x: OutletId,
        number: f32,
    ) -> Result<OutletId, ModelFault> {
        self.row(name, op, x, &[number])
    }

    fn constant(&mut self, name: &str, tensor: Tensor) -> Result<OutletId, ModelFault> {
        self.model.add_const(name, tensor).map_err(network)
    }

    fn op(&mut self, name: &str, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> Result<OutletId, ModelFault> {
        let outlets = self.model.wire_node(name, op, inputs).map_err(network)?;
        outlets.first().copied().ok_or_else(|| ModelFault::Network(format!("{name} has no output")))
    }
}
